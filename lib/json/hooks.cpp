// SPDX-License-Identifier: Apache-2.0
#include "lib/json/hooks.hpp"

#include "lib/json/get.hpp"

#include <cmath>

namespace godwit::json {

void read_where(Fields& in, std::string_view account, std::string& with, std::optional<ConversationId>& conversation)
{
    may(in, "conversation", conversation, Form{"a conversation: 32 hexadecimal digits"});
    if (conversation)
        may(in, account, with);
    else
        need(in, account, with);
}

void read_degrees(Fields& in, std::string_view name, std::int32_t& out, double most)
{
    out = static_cast<std::int32_t>(std::lround(in.number(name, -most, most, std::nullopt) * 1e7));
}

void write_degrees(Writer& out, std::string_view name, std::int32_t degrees_e7)
{
    out.key(name);
    out.number(static_cast<double>(degrees_e7) / 1e7);
}

void read_post(Fields& in, request::Send& out)
{
    if (auto body = in.object("body")) {
        out.body = read_body(*body);
        may(in, "text", out.text);
        return;
    }
    content::Text text;
    read(in, text);
    out.body = std::move(text);
    need(in, "text", out.text);
}

void read_call_device(Fields& in, std::string_view name, std::string& out)
{
    may(in, name, out);
    if (out.empty() || out.size() > call_device_bytes_max)
        in.fail(name, "\"app\", \"none\", a name from docs/cli.md, or the path of a file");
}

void check_watched(Fields& in, const request::Watch& watch)
{
    if (watch.what == request::Watch::What::messages && !watch.where.conversation && !in.has("with"))
        missing(in, "with", "an account, or a conversation");
}

void check_compared(Fields& in, const request::Verify& verify)
{
    // A camera that saw nothing must not count as a comparison.
    if (verify.code.empty() && (verify.verified || in.find("code") != nullptr))
        in.fail("code", "what you have compared: the code that the other side's device shows, or the safety number");
}

void check_one_of_four(Fields& in, const request::CallSetMedia& media)
{
    if (!media.muted && !media.held && !media.camera && !media.screen)
        in.fail("muted", "one of muted, held, camera, screen");
}

} // namespace godwit::json
