#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Holds the man pages of section 3 against the tables of the interface: a page for each public
function, with the right prototype and all sections, naming only what exists, rendered without a
warning."""
import argparse
import concurrent.futures
import errno
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HEADERS = ("verbs", "arch", "rdma_cma", "rdma_verbs", "rsocket")
FOLDERS = ("libibverbs/man", "providers/mlx5/man", "librdmacm/man")
# Of mlx5dv: calls for memory keys and the like, which no queue pair can be made with yet.
WITHOUT_PAGE = re.compile(r"mlx5dv_wr_(?!set_dc_addr)")
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "PARAMETERS", "LIFETIME", "THREADS", "RETURN VALUE",
            "ERRORS", "EXAMPLE", "NOTES", "SEE ALSO", "SOURCE"]
OPTIONAL = {"PARAMETERS", "LIFETIME", "NOTES"}
# Not errno values although they look like it; of those with a family the beginning.
WORDS = {"ECE", "EN_SQD_ASYNC_NOTIFY", "ERRORS", "ESP", "EVENT", "EXAMPLE"}
FAMILIES = ("EAI_", "EPOLL")


def public_functions(source):
    """Name to table entry of every function that is for programs; others begin with _."""
    functions = {}
    for header in HEADERS:
        table = json.loads((source / f"tests/abi/types/{header}.json").read_text())
        for entry in table["functions"]:
            if not entry["name"].startswith("_"):
                functions[entry["name"]] = entry
    functions.update(own_functions(source))
    functions.update(direct_functions(source))
    return functions


def direct_headers(source):
    paths = sorted((source / "providers/mlx5/include").rglob("*.h"))
    return "".join(path.read_text() for path in paths + sorted((source / "hw/mlx5").glob("*.h")))


def direct_functions(source):
    """The same for the direct verbs of mlx5, as far as there are."""
    table = json.loads((source / "tests/abi/types/mlx5dv.json").read_text())
    declared = set(re.findall(r"\b(mlx5dv_\w+)\(", direct_headers(source)))
    return {entry["name"]: entry for entry in table["functions"]
            if entry["name"] in declared and not WITHOUT_PAGE.match(entry["name"])}


def own_functions(source):
    """The same for the header that is no part of the tables."""
    text = (source / "libibverbs/include/infiniband/verbs_explain.h").read_text()
    functions = {}
    for ret, name, params in re.findall(r"(?m)^(\w[\w *]*?)(ibv_\w+)\(([^)]*)\);", text):
        split = re.findall(r"(.*?)(\w+)(?:,|$)", params) if params != "void" else []
        functions[name] = {"name": name, "ret": ret, "params": split}
    return functions


def squeezed(text):
    return re.sub(r"\s+", "", text)


def prototype(entry):
    parameters = []
    for kind, name in entry["params"]:
        array = re.fullmatch(r"(.*?)\s*(\[\d*\])", kind)
        parameters.append(f"{array[1]} {name}{array[2]}" if array else f"{kind} {name}")
    if entry.get("variadic"):
        parameters.append("...")
    text = f"{entry['ret']} {entry['name']}({', '.join(parameters) or 'void'});"
    # What the symbol calls by a name of its own is what programs call the present structure.
    text = text.replace("struct _compat_ibv_port_attr", "struct ibv_port_attr")
    # Direct verbs call the kernel's types by names of their own.
    text = text.replace("mlx5_ib_uapi_devx_", "mlx5dv_devx_")
    return squeezed(text.replace("_Bool", "bool"))


class Page:
    """The source of a page, cut into sections."""

    def __init__(self, path):
        self.path = path
        self.name = path.name.removesuffix(".3.rst")
        self.text = path.read_text()
        parts = re.split(r"(?m)^([A-Z][A-Z ]+)\n=+\n", self.text)
        self.sections = dict(zip(parts[1::2], parts[2::2]))
        self.order = parts[1::2]
        self.functions = re.findall(r"([a-z0-9_]+)\(", self.sections.get("SYNOPSIS", ""))

    def examples(self):
        return re.findall(r"(?m)^\.\. include:: examples/(\w+)\.c$", self.text)


class Check:
    def __init__(self, source, man):
        self.source = source
        self.man = man
        self.functions = public_functions(source)
        folders = [source / folder for folder in FOLDERS]
        self.pages = [Page(path) for folder in folders for path in sorted(folder.glob("*.3.rst"))]
        self.programs = {path.stem for folder in folders
                         for path in (folder / "examples").glob("*.c")}
        self.without = self.read_without()
        public = source / "libibverbs/include/infiniband"
        self.header = "".join((public / name).read_text()
                              for name in ("verbs.h", "verbs_api.h", "tm_types.h"))
        self.header += direct_headers(source)
        published = sorted((source / "librdmacm/include/rdma").glob("*.h"))
        self.header += "".join(path.read_text() for path in published)
        self.published = {f"rdma/{path.name}" for path in published}
        headers = (source / "kernel-headers/rdma").glob("*.h")
        self.kernel = "".join(path.read_text() for path in headers)
        self.faults = []

    def read_without(self):
        """Pages whose example no device of the tests can run yet, with the reason."""
        lines = (pathlib.Path(__file__).parent / "without_example.txt").read_text().splitlines()
        return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def every_function_has_a_page(self):
        documented = [name for page in self.pages for name in page.functions]
        for name in sorted(set(self.functions) - set(documented)):
            self.fault(name, "has no page")
        for name in sorted({name for name in documented if documented.count(name) > 1}):
            self.fault(name, "has two pages")
        for name in documented:
            if not (self.man / f"man3/{name}.3").exists():
                self.fault(name, "is not found under its own name")

    def prototypes_are_right(self, page):
        synopsis = squeezed(page.sections.get("SYNOPSIS", ""))
        for name in page.functions:
            if name not in self.functions:
                self.fault(page.name, f"{name}() does not exist")
            elif prototype(self.functions[name]) not in synopsis:
                self.fault(page.name, f"the prototype of {name}() is another")

    def sections_are_there(self, page):
        for section in SECTIONS[1:]:
            if section not in page.sections and section not in OPTIONAL | {"EXAMPLE"}:
                self.fault(page.name, f"{section} is missing")
        if page.order != [section for section in SECTIONS if section in page.sections]:
            self.fault(page.name, f"sections are unknown or in another order: {page.order}")

    def examples_are_there(self, page):
        named = page.examples()
        if bool(named) == (page.name in self.without):
            self.fault(page.name, "has no example, or one although it is listed as without")
        for name in named:
            if name not in self.programs:
                self.fault(page.name, f"the example {name} does not exist")

    def names_exist(self, page):
        for name in set(re.findall(r"\b((?:ibv|mlx5dv|verbs|rdma|repoll)_\w+)\(\)", page.text)):
            if name not in self.functions:
                self.fault(page.name, f"{name}() does not exist")
        for name in set(re.findall(r"\bE[A-Z][A-Z0-9_]+\b", page.text)) - WORDS:
            if not hasattr(errno, name) and not name.startswith(FAMILIES):
                self.fault(page.name, f"there is no {name}")
        for name in re.findall(r"\*\*(\w+)\*\*\\\(3\)", page.sections.get("SEE ALSO", "")):
            if not (self.man / f"man3/{name}.3").exists():
                self.fault(page.name, f"refers to {name}(3), which does not exist")
        for name, section in re.findall(r"\*\*(\w+)\*\*\\\(([17])\)", page.text):
            if not (self.man / f"man{section}/{name}.{section}").exists():
                self.fault(page.name, f"refers to {name}({section}), which does not exist")

    def constants_exist(self, page):
        known = set(re.findall(r"\b(?:IBV|MLX5\w*|RDMA|RAI)_\w+", self.header))
        known |= {"IBV_SHOW_WARNINGS", "IBV_FORK_SAFE", "IBV_DRIVERS"}
        names = r"\b(?:IBV|MLX5(?:DV)?|RDMA|RAI)_(?!1|NLDEV_)[A-Z0-9_]+\b"
        for name in set(re.findall(names, page.text)) - known:
            self.fault(page.name, f"there is no {name}")

    def kernel_names_exist(self, page):
        for name in set(re.findall(r"\brdma/\w+\.h\b", page.text)) - self.published:
            if not (self.source / "kernel-headers" / name).exists():
                self.fault(page.name, f"there is no {name}")
        names = r"\b(UVERBS_[A-Z0-9_]+|RDMA_NLDEV_[A-Z0-9_]+|(?:struct|enum) (?:ib|rdma|mlx5_ib)_\w+)\b"
        for name in set(re.findall(names, page.text)):
            if not re.search(rf"\b{name}\b", self.kernel + self.header):
                self.fault(page.name, f"the kernel has no {name}")
        for name in set(re.findall(r"\b(?:struct|enum) (?:ibv|mlx5dv)_\w+", page.text)):
            if not re.search(rf"\b{name}[ ;]", self.header):
                self.fault(page.name, f"there is no {name}")

    def renders(self, name):
        """As man(1) shows it. Without man, groff with the same macros."""
        path = self.man / name
        if shutil.which("man"):
            command = ["man", "--warnings", "-E", "UTF-8", "-l", str(path)]
        else:
            command = ["groff", "-man", "-ww", "-Tutf8", str(path)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False,
                             env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "110"})
        if ran.returncode or ran.stderr:
            self.fault(name, f"does not render: {ran.stderr.strip()}")

    def all(self):
        self.every_function_has_a_page()
        for page in self.pages:
            self.prototypes_are_right(page)
            self.sections_are_there(page)
            self.examples_are_there(page)
            self.names_exist(page)
            self.constants_exist(page)
            self.kernel_names_exist(page)
        rendered = [f"man3/{page.name}.3" for page in self.pages]
        rendered += [f"{path.parent.name}/{path.name}" for path in sorted(self.man.glob("man[17]/*"))]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
            list(workers.map(self.renders, rendered))
        shown = {name for page in self.pages for name in page.examples()}
        for name in sorted(self.programs - shown):
            self.fault(name, "is an example of no page")
        table = (pathlib.Path(__file__).parent / "examples.txt").read_text().splitlines()
        listed = {line.split()[0] for line in table if not line.startswith("#")}
        for name in sorted(listed ^ self.programs):
            self.fault(name, "is an example or a line of examples.txt, but not both")
        for name in sorted(set(self.without) - {page.name for page in self.pages}):
            self.fault(name, "is listed as without example and is no page")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--man", type=pathlib.Path, required=True)
    args = parser.parse_args()
    check = Check(args.source, args.man)
    check.all()
    if check.faults:
        sys.exit("\n".join(check.faults))
    print(f"{len(check.functions)} functions on {len(check.pages)} pages, "
          f"{len(check.programs)} examples")


if __name__ == "__main__":
    main()
