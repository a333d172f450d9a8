// SPDX-License-Identifier: Apache-2.0
// Of the roster: which account key a contact has, and what becomes of another one.
#include "lib/engine/account.hpp"
#include "lib/engine/former.hpp"
#include "lib/engine/roster.hpp"
#include "lib/identity/conversation_id.hpp"

#include <utility>

namespace godwit::engine {

void Roster::remember(const Person& person)
{
    const auto& stored = person.stored;
    if (stored.account_key.is_zero()) return;
    const auto weight = stored.verified                                     ? FormerWeight::verified
                        : context_.store.heads(person.conversation).empty() ? FormerWeight::light
                                                                            : FormerWeight::has_history;
    const auto forgotten =
        remember_former(context_.store, stored.user, {stored.account_key, stored.device_list}, weight);
    if (!forgotten.empty())
        context_.event(event::Warning{
            {ErrorCode::quota_exceeded,
             "of " + forgotten + ", removed from the contacts long ago, the account key is not remembered any more: " +
                 "more than " + std::to_string(formers_max) + " were removed since",
             0}});
}

std::optional<conversation::shared::Trust> Roster::decided(std::string_view user) const
{
    namespace shared = conversation::shared;
    const auto word = context_.store.register_named(shared::name_of(user, shared::key));
    return word ? shared::read_trust(word->value) : std::nullopt;
}

void Roster::undecide(std::string_view user)
{
    auto name = conversation::shared::name_of(user, conversation::shared::key);
    if (const auto known = context_.store.register_named(name); known && !known->value.empty())
        context_.store.put_register({std::move(name), known->hlc_ms + 1, {}});
}

/// Nothing is sent until the user has decided.
void Roster::contradict(Person& person, const PublicKey& other, const char* why)
{
    auto& stored = person.stored;
    if (stored.shown_account_key == other) return;
    stored.shown_account_key = other;
    stored.verified = false;
    context_.security(SecurityKind::account_key_changed, stored.user, {}, why);
}

/// First sight pins, what the user has accepted on another device comes before that, and a contact that comes back was
/// seen before. Another key later stops everything until the user has decided.
void Roster::pin(Person& person, const PublicKey& shown)
{
    auto& stored = person.stored;
    const auto word = decided(stored.user);
    if (stored.account_key.is_zero()) {
        const auto former = former_contact(context_.store, stored.user);
        stored.account_key = former ? former->account_key : word ? word->key : shown;
        if (word && word->key == stored.account_key) stored.verified = word->verified;
        person.conversation = identity::conversation_of(self_.stored.account_key, stored.account_key);
        if (former) {
            if (auto list = identity::verify_device_list(former->device_list, stored.user, stored.account_key)) {
                Change ignored; // Nobody was known of them.
                stored.device_list = list->encoded;
                set_devices(person, std::move(*list), ignored);
            }
            forget_former(context_.store, stored.user);
        }
    }
    if (stored.account_key != shown)
        contradict(person, shown,
                   "the relay shows another account key than the one that is known: nothing is sent until the user has "
                   "compared and accepted it");
    else if (!word || word->key == shown)
        stored.shown_account_key = {};
}

Roster::Change Roster::heed(std::string_view user)
{
    const auto at = people_.find(user);
    const auto word = decided(user);
    if (at == people_.end() || !word) return {};
    auto& person = at->second;
    auto& stored = person.stored;
    Change out;
    if (stored.account_key.is_zero()) return out; // Where it is pinned, this is asked again.
    if (word->key == stored.shown_account_key) return accept_key(user, word->verified);
    if (word->key != stored.account_key)
        contradict(person, word->key,
                   "another device of this account has accepted another account key than the one that is known here: "
                   "nothing is sent until the user has compared them");
    else
        stored.verified = word->verified && stored.shown_account_key.is_zero();
    context_.store.put_contact(stored);
    index(person, out);
    return out;
}

Roster::Change Roster::accept_key(std::string_view user, bool verified)
{
    Change out;
    const auto at = people_.find(user);
    if (at == people_.end() || at->second.stored.shown_account_key.is_zero()) return out;
    auto& person = at->second;
    // What waits for the devices of the old key was not written to who has the new one.
    out.gone_reason = ErrorCode::account_key_changed;
    for (const auto& device : person.devices)
        out.gone.push_back(device.device);
    unindex(person);
    person.stored.account_key = std::exchange(person.stored.shown_account_key, {});
    person.stored.verified = verified;
    person.stored.device_list.clear();
    person.list = {};
    person.devices.clear();
    person.refused_list.clear();
    account::forget_refusal(context_.store, person.stored.user);
    person.conversation = identity::conversation_of(self_.stored.account_key, person.stored.account_key);
    context_.store.put_contact(person.stored);
    index(person, out);
    // Its devices; after a restart they come with the next roster.
    if (const auto shown = std::exchange(person.shown, std::nullopt)) {
        auto after = apply(*shown, false);
        after.gone.insert(after.gone.end(), out.gone.begin(), out.gone.end());
        after.circles.insert(after.circles.end(), out.circles.begin(), out.circles.end());
        after.gone_reason = out.gone_reason;
        return after;
    }
    return out;
}

} // namespace godwit::engine
