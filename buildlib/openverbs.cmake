# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Compiler settings, the in-place layout of build/, and include domains.

include(GNUInstallDirs)
include(CheckCCompilerFlag)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/archive)
set(OV_INCLUDE_DIR ${CMAKE_BINARY_DIR}/include)
set(OV_PROVIDER_DIR ${CMAKE_BINARY_DIR}/lib/libibverbs)
file(MAKE_DIRECTORY ${OV_INCLUDE_DIR} ${OV_PROVIDER_DIR})

# Programs of the in-place build find the in-place libraries; installed ones need no rpath. A
# RUNPATH, not an RPATH, so that LD_LIBRARY_PATH can still point them at somebody else's library.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
add_link_options(LINKER:--enable-new-dtags LINKER:--as-needed LINKER:-z,relro,-z,now)

add_compile_options(
  -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2
  -fno-strict-overflow -fno-common
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition>)
add_compile_definitions(_GNU_SOURCE)
if(OV_WERROR)
  add_compile_options(-Werror)
endif()

if(OV_COVERAGE)
  # Threads of softhca count, too.
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(OV_SANITIZE)
  add_compile_options(-fsanitize=${OV_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OV_SANITIZE})
  if(OV_SANITIZE STREQUAL "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # It does not follow fences, and says so at each. Ours order accesses against other processes
    # and devices, which it does not follow either.
    add_compile_options(-Wno-tsan)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_compile_options(-fstack-protector-strong)
  add_link_options(LINKER:--no-undefined)
endif()

if(OV_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang" OR NOT OV_SANITIZE MATCHES "address")
    message(FATAL_ERROR "OV_FUZZ needs clang and OV_SANITIZE=address,undefined")
  endif()
  # Everything counts where it has been; only the fuzz programs have libFuzzer's main().
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# ov_include_domain(NAME path... [DEPENDS domain...])
#
# A header is seen only by those who link its domain: the domain's include directory holds links to
# the named folders or files of the source tree under their own names, and nothing else. So
# #include "hw/mlx5/wqe.h" compiles where hw_mlx5 is linked and nowhere else.
function(ov_include_domain name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  set(root ${CMAKE_BINARY_DIR}/domains/${name})
  foreach(path IN LISTS arg_UNPARSED_ARGUMENTS)
    get_filename_component(parent ${root}/${path} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${path} ${root}/${path} SYMBOLIC)
  endforeach()
  add_library(${name} INTERFACE)
  target_include_directories(${name} INTERFACE ${root})
  target_link_libraries(${name} INTERFACE ${arg_DEPENDS})
endfunction()

# ov_publish(DIRECTORY header...): headers for applications, linked into build/include/DIRECTORY so
# that the in-place build reads the very files that get installed.
function(ov_publish directory)
  file(MAKE_DIRECTORY ${OV_INCLUDE_DIR}/${directory})
  foreach(header IN LISTS ARGN)
    get_filename_component(source ${header} ABSOLUTE)
    get_filename_component(leaf ${header} NAME)
    file(CREATE_LINK ${source} ${OV_INCLUDE_DIR}/${directory}/${leaf} SYMBOLIC)
    install(FILES ${source} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${directory})
  endforeach()
endfunction()

# What links this sees build/include, the public headers as applications see them.
add_library(ov_public_headers INTERFACE)
target_include_directories(ov_public_headers INTERFACE ${OV_INCLUDE_DIR})

# The functions that the SYNOPSIS of a page of section 3 shows, in their order.
function(ov_man_functions source result)
  file(READ ${source} text)
  string(REGEX REPLACE ".*\nSYNOPSIS\n" "" text "${text}")
  string(REGEX REPLACE "\nDESCRIPTION\n.*" "" text "${text}")
  string(REGEX MATCHALL "[a-z0-9_]+\\(" functions "${text}")
  list(TRANSFORM functions REPLACE "\\(" "")
  list(REMOVE_DUPLICATES functions)
  set(${result} ${functions} PARENT_SCOPE)
endfunction()

# ov_man_pages(TARGET source...): every NAME.SECTION.rst becomes share/man/manSECTION/NAME.SECTION,
# in the build and installed. A page of section 3 is found under each function of its SYNOPSIS: its
# NAME lists them, and every other one has a page that refers to it.
function(ov_man_pages target)
  find_program(OV_RST2MAN NAMES rst2man rst2man.py REQUIRED
    DOC "rst2man of docutils (Debian: python3-docutils)")
  set(pages)
  foreach(source IN LISTS ARGN)
    get_filename_component(source ${source} ABSOLUTE)
    get_filename_component(parent ${source} DIRECTORY)
    get_filename_component(page ${source} NAME_WLE)
    get_filename_component(name ${page} NAME_WLE)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(folder ${CMAKE_BINARY_DIR}/share/man/man${section})
    file(MAKE_DIRECTORY ${folder})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} included REGEX "^\\.\\. include:: ")
    list(TRANSFORM included REPLACE "^\\.\\. include:: (.*)" "${parent}/\\1")
    set(functions)
    if(section EQUAL 3)
      ov_man_functions(${source} functions)
    endif()
    list(JOIN functions ", " names)
    add_custom_command(OUTPUT ${folder}/${page}
      COMMAND ${CMAKE_COMMAND} -D RST2MAN=${OV_RST2MAN} -D SOURCE=${source}
        -D PAGE=${folder}/${page} -D NAME=${name} -D "NAMES=${names}"
        -P ${CMAKE_SOURCE_DIR}/buildlib/man-page.cmake
      DEPENDS ${source} ${included} ${CMAKE_SOURCE_DIR}/buildlib/man-page.cmake VERBATIM)
    list(APPEND pages ${folder}/${page})
    install(FILES ${folder}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    foreach(function IN LISTS functions)
      set(alias ${folder}/${function}.${section})
      if(NOT function STREQUAL name)
        file(CONFIGURE OUTPUT ${alias} CONTENT ".so man${section}/${page}\n" @ONLY)
        install(FILES ${alias} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
      endif()
    endforeach()
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${pages})
endfunction()
