// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/reactions.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace godwit::conversation {
namespace {

bool is_later(const port::Annotation& a, const port::Annotation& b)
{
    return std::tie(a.hlc_ms, a.id) > std::tie(b.hlc_ms, b.id);
}

} // namespace

bool put_reaction(port::Store& store, const port::Annotation& reaction)
{
    auto notes = store.annotations_named(reaction.conversation, reaction.target, reaction_prefix);
    std::erase_if(notes, [&](const auto& one) { return one.author != reaction.author || one.name == reaction.name; });
    std::sort(notes.begin(), notes.end(), is_later);
    if (notes.size() >= reactions_kept_max && is_later(notes[reactions_kept_max - 1], reaction)) return false;
    if (!store.put_annotation(reaction)) return false;
    for (std::size_t i = reactions_kept_max - 1; i < notes.size(); ++i)
        store.remove_annotation(reaction.conversation, reaction.target, notes[i].name, reaction.author);
    return true;
}

bool may_react(port::Store& store, const ConversationId& conversation, const MessageId& target, std::string_view author,
               std::string_view emoji)
{
    const auto notes = store.annotations_named(conversation, target, reaction_prefix);
    const auto others = std::count_if(notes.begin(), notes.end(), [&](const auto& one) {
        return one.author == author && !one.value.empty() && one.name.substr(reaction_prefix.size()) != emoji;
    });
    return static_cast<std::size_t>(others) < reactions_per_author_max;
}

std::vector<Reactions> reactions_of(const std::vector<port::Annotation>& notes)
{
    std::map<std::string_view, std::vector<const port::Annotation*>> by_author;
    for (const auto& one : notes)
        if (!one.value.empty() && one.name.starts_with(reaction_prefix)) by_author[one.author].push_back(&one);
    struct Kind {
        const port::Annotation* first = nullptr;
        std::vector<std::string> users;
    };
    std::map<std::string_view, Kind> kinds;
    for (auto& [author, its] : by_author) {
        std::sort(its.begin(), its.end(), [](const auto* a, const auto* b) { return is_later(*a, *b); });
        if (its.size() > reactions_per_author_max) its.resize(reactions_per_author_max);
        for (const auto* one : its) {
            auto& kind = kinds[std::string_view(one->name).substr(reaction_prefix.size())];
            if (kind.first == nullptr || is_later(*kind.first, *one)) kind.first = one;
            kind.users.emplace_back(author);
        }
    }
    std::vector<const port::Annotation*> firsts;
    for (const auto& [emoji, kind] : kinds)
        firsts.push_back(kind.first);
    std::sort(firsts.begin(), firsts.end(), [](const auto* a, const auto* b) { return is_later(*b, *a); });
    std::vector<Reactions> out;
    for (auto& [emoji, kind] : kinds)
        if (firsts.size() <= reactions_max || !is_later(*kind.first, *firsts[reactions_max - 1]))
            out.push_back({std::string(emoji), std::move(kind.users)});
    return out;
}

} // namespace godwit::conversation
