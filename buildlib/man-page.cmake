# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes PAGE of SOURCE with RST2MAN. Its NAME section begins with NAMES, where there are any, instead
# of the page's own NAME: that is what apropos goes by.
execute_process(COMMAND ${RST2MAN} --strict ${SOURCE} ${PAGE} COMMAND_ERROR_IS_FATAL ANY)
if(NAMES)
  file(READ ${PAGE} text)
  string(REPLACE "\n${NAME} \\- " "\n${NAMES} \\- " named "${text}")
  if(named STREQUAL text AND NOT NAMES STREQUAL NAME)
    file(REMOVE ${PAGE})
    message(FATAL_ERROR "${PAGE} has no NAME section that begins with ${NAME}")
  endif()
  file(WRITE ${PAGE} "${named}")
endif()
