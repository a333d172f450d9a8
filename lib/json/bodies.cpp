// SPDX-License-Identifier: Apache-2.0
// What a message is besides its text: the members of each kind are made (made_objects.cpp); which kind it is, and what
// lies within another, stands here.
#include "lib/json/get.hpp"
#include "lib/json/put.hpp"
#include "lib/wire/bundles.hpp"
#include "lib/wire/content.hpp"

namespace godwit::json {
namespace {

template <class Kind>
content::Body read_kind(Fields& in)
{
    Kind out;
    read(in, out);
    return out;
}

struct Kind {
    std::string_view name;
    content::Body (*read)(Fields&);
};
/// Those that can be sent.
constexpr Kind kinds[] = {
    {"text", read_kind<content::Text>},
    {"attachment", read_kind<content::Attachment>},
    {"sticker", read_kind<content::Sticker>},
    {"location", read_kind<content::Location>},
    {"contact_card", read_kind<content::ContactCard>},
    {"card", read_kind<content::Card>},
    {"custom", read_kind<content::Custom>},
};

void put_body(Writer& out, const content::Body& body, int depth);

void put_items(Writer& out, const content::Forwarded& body, int depth)
{
    put(out, "title", body.title);
    out.key("items");
    out.begin_list();
    for (const auto& one : body.items) {
        out.begin_object();
        put(out, "from", one.from);
        put(out, "sent_ms", one.sent_ms);
        put(out, "text", one.text);
        const auto inner = one.body.empty() || depth >= wire::bundle_levels_max ? Result<content::Body>(Error{})
                                                                                : wire::decode_body(one.body);
        if (inner) {
            out.key("body");
            put_body(out, *inner, depth + 1);
        } else if (!one.body.empty()) {
            put(out, "raw_body", one.body);
        }
        out.end_object();
    }
    out.end_list();
}

void put_body(Writer& out, const content::Body& body, int depth)
{
    out.begin_object();
    put(out, "kind", content::kind_name(body));
    std::visit(
        [&](const auto& what) {
            if constexpr (std::is_same_v<std::decay_t<decltype(what)>, content::Forwarded>)
                put_items(out, what, depth);
            else if constexpr (requires { members(out, what); })
                members(out, what); // The others are not shown, hence not in a message.
        },
        body);
    out.end_object();
}

} // namespace

content::Body read_body(Fields& in)
{
    std::string name = "text";
    may(in, "kind", name);
    for (const auto& kind : kinds)
        if (kind.name == name) return kind.read(in);
    in.fail("kind", "text, attachment, sticker, location, contact_card, card or custom");
    return content::Text{};
}

void value(Writer& out, const content::Body& body)
{
    put_body(out, body, 0);
}

void value(Writer& out, const std::variant<std::monostate, Conversation, Message, Contact>& item)
{
    std::visit(
        [&](const auto& what) {
            if constexpr (std::is_same_v<std::decay_t<decltype(what)>, std::monostate>)
                out.null();
            else
                value(out, what);
        },
        item);
}

} // namespace godwit::json
