// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/control_question.hpp"

namespace godwit::relay {

std::string Question::text(const char* key, const char* absent)
{
    const auto* const node = find(key, absent == nullptr);
    if (node == nullptr) return absent == nullptr ? "" : absent;
    const auto value = node->is_string() ? node->value<std::string>() : std::nullopt;
    if (!value) refuse(key, "must be a text");
    return value.value_or("");
}

std::int64_t Question::number(const char* key, std::int64_t least, std::int64_t most, std::int64_t absent)
{
    const auto* const node = find(key, false);
    if (node == nullptr) return absent;
    const auto* const value = node->as_integer();
    if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
    refuse(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return absent;
}

bool Question::flag(const char* key)
{
    const auto* const node = find(key, false);
    if (node != nullptr && !node->is_boolean()) refuse(key, "must be true or false");
    return node != nullptr && node->value_or(false);
}

std::vector<std::string> Question::texts(const char* key)
{
    std::vector<std::string> out;
    const auto* const node = find(key, false);
    if (node == nullptr) return out;
    const auto* const list = node->as_array();
    if (list == nullptr) {
        refuse(key, "must be a list of texts");
        return out;
    }
    for (const auto& one : *list) {
        if (!one.is_string()) refuse(key, "must be a list of texts");
        out.push_back(one.value_or(std::string()));
    }
    return out;
}

NoticeId Question::id()
{
    const auto bytes = from_hex(text("id"));
    const auto out = bytes ? NoticeId::from(*bytes) : std::nullopt;
    if (!out) refuse("id", "must be 32 hexadecimal digits");
    return out.value_or(NoticeId{});
}

NoticeKind Question::kind()
{
    const auto name = text("kind", "announcement");
    for (const auto kind : {NoticeKind::announcement, NoticeKind::maintenance, NoticeKind::account})
        if (name == notice_kind_name(kind)) return kind;
    refuse("kind", "must be announcement, maintenance or account");
    return NoticeKind::announcement;
}

const toml::node* Question::find(const char* key, bool needed)
{
    const auto* const out = table_.get(key);
    if (out == nullptr && needed) refuse(key, "is missing");
    return out;
}

} // namespace godwit::relay
