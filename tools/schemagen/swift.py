# SPDX-License-Identifier: Apache-2.0
"""bindings/swift: error codes, and the names of requests and events."""
from .model import GENERATED


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def render(schema):
    out = ["// SPDX-License-Identifier: Apache-2.0", f"// {GENERATED}", "", "/// What a failure asks of the caller. Append-only.", "public enum ErrorCode: String, Sendable {"]
    for _, name, do in schema.errors:
        out += [f"    /// {do}", f"    case {camel(name)} = \"{name}\""]
    out += ["", "    /// Of the C ABI.", "    public var number: Int32 {", "        switch self {"]
    out += [f"        case .{camel(name)}: return {number}" for number, name, _ in schema.errors]
    out += ["        }", "    }", "}", "", "/// The \"do\" of `Client.request`.", "public enum Do: String, Sendable {"]
    for r in schema.requests.values():
        if not r.host:
            out += [f"    /// {r.doc}", f"    case `{camel(r.name)}` = \"{r.name}\""]
    out += ["}", "", "/// The names of events. Skip those that are not here.", "public enum EventName: String, Sendable {"]
    for e in schema.events.values():
        out += [f"    /// {e.doc}", f"    case `{camel(e.name)}` = \"{e.name}\""]
    return "\n".join(out + ["}", ""])
