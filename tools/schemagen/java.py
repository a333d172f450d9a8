# SPDX-License-Identifier: Apache-2.0
"""bindings/java: error codes as an enumeration, and every name as a constant."""
from .model import GENERATED

HEAD = ["// SPDX-License-Identifier: Apache-2.0", f"// {GENERATED}", "package org.godwit;", ""]


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_errors(schema):
    out = HEAD + ["/** What a failure asks of the caller. Append-only: a code that this version does not know is {@link #INTERNAL}. */", "public enum ErrorCode {"]
    errors = schema.errors
    for at, (number, name, do) in enumerate(errors):
        out += [f"    /** {escaped(do)} */", f"    {name.upper()}({number}, \"{name}\"){';' if at == len(errors) - 1 else ','}"]
    return "\n".join(out + [
        "", "    /** Of the C ABI. */", "    public final int number;", "    /** In JSON. */", "    public final String code;", "",
        "    ErrorCode(int number, String code) {", "        this.number = number;", "        this.code = code;", "    }", "",
        "    static ErrorCode of(String code) {", "        for (ErrorCode one : values()) if (one.code.equals(code)) return one;", "        return INTERNAL;", "    }", "",
        "    static ErrorCode of(int number) {", "        for (ErrorCode one : values()) if (one.number == number) return one;", "        return INTERNAL;", "    }", "}", ""])


def render_names(schema):
    out = HEAD + ["/** The names of requests, events and fields. */", "public final class Schema {", "    private Schema() {}", "",
                  "    /** Requests: the \"do\" of {@link Client#request}. */", "    public static final class Do {", "        private Do() {}", ""]
    for r in schema.requests.values():
        if not r.host:
            fields = ", ".join(f.name + ("?" if f.optional else "") for f in r.fields)
            out += [f"        /** {escaped(r.doc)}{f' Fields: {fields}.' if fields else ''} */", f"        public static final String {r.name.upper()} = \"{r.name}\";"]
    out += ["    }", "", "    /** Events: {@link Event#name}. */", "    public static final class On {", "        private On() {}", ""]
    for e in schema.events.values():
        out += [f"        /** {escaped(e.doc)} */", f"        public static final String {e.name.upper()} = \"{e.name}\";"]
    names = sorted({f.name for r in schema.requests.values() for f in r.fields + schema.reply_fields(r)} | {f.name for e in schema.events.values() for f in e.fields}
                   | {f.name for o in schema.objects.values() for f in o.fields})
    out += ["    }", "", "    /** Fields of both. */", "    public static final class Field {", "        private Field() {}", ""]
    out += [f"        public static final String {name.upper()} = \"{name}\";" for name in names]
    return "\n".join(out + ["    }", "}", ""])
