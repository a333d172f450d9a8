# SPDX-License-Identifier: Apache-2.0
"""include/godwit/errors.h: the numbers of the C ABI."""
from .model import GENERATED


def render(schema):
    out = ["/* SPDX-License-Identifier: Apache-2.0", " *", f" * {GENERATED}", " *",
           " * Error codes: stable and append-only. What each asks of the caller stands beside it. */",
           "#ifndef GODWIT_ERRORS_H", "#define GODWIT_ERRORS_H", "", "/* clang-format off */", "enum godwit_error {"]
    for title, errors in schema.error_groups:
        out.append(f"    /* {title}. */")
        for number, name, do in errors:
            out.append(f"    GODWIT_ERROR_{name.upper()} = {number}, /* {do.replace('`', '')} */")
    out += ["};", "/* clang-format on */", "", "#endif", ""]
    return "\n".join(out)


def render_texts(schema):
    """lib/assembly/error_texts.hpp: names and advice at run time."""
    out = ["// SPDX-License-Identifier: Apache-2.0", f"// {GENERATED}", "#pragma once", "", "namespace godwit::assembly {", "",
           "struct ErrorText {", "    int number;", "    const char* name;", "    const char* what_to_do;", "};", "", "// clang-format off",
           "inline constexpr ErrorText error_texts[] = {"]
    out += [f'    {{{number}, "{name}", "{do.replace("`", "")}"}},' for number, name, do in schema.errors]
    return "\n".join(out + ["};", "// clang-format on", "", "/// Of a number that is not there: internal, the last.",
                            "[[nodiscard]] constexpr const ErrorText& error_text(int number) noexcept", "{",
                            "    for (const auto& one : error_texts)", "        if (one.number == number) return one;",
                            "    return error_texts[sizeof error_texts / sizeof error_texts[0] - 1];", "}", "", "} // namespace godwit::assembly", ""])
