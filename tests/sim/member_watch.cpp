// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/member_watch.hpp"

#include "tests/sim/broken.hpp"
#include "tests/support/conversation_at.hpp"
#include "tests/support/seeded_entropy.hpp"

#include "lib/engine/account.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

/// Members are looked at, nothing is joined.
class Nobody final : public seal::Directory {
public:
    [[nodiscard]] std::optional<seal::Circle> circle_of(const ConversationId&) const override { return std::nullopt; }
};

void add_devices(BytesView list, std::set<DeviceId>& out)
{
    const auto decoded = wire::decode_device_list(list);
    if (!decoded) return;
    for (const auto& one : decoded->certificates)
        if (const auto certificate = wire::decode_certificate(one)) out.insert(certificate->device);
}

std::set<DeviceId> listed(port::Store& store, const std::string& with)
{
    std::set<DeviceId> out;
    if (const auto own = store.identity()) add_devices(own->device_list, out);
    for (const auto& contact : store.contacts())
        if (contact.user == with) add_devices(contact.device_list, out);
    return out;
}

} // namespace

bool GroupView::has(const DeviceId& device) const
{
    return std::any_of(members.begin(), members.end(), [&](const auto& one) { return one.device == device; });
}

std::optional<GroupView> group_view(port::Store& store, const ConversationId& conversation)
{
    const auto own = store.identity();
    if (!own || own->device_seed.empty() || own->certificate.empty()) return std::nullopt;
    test::SeededEntropy entropy(1);
    const Nobody nobody;
    seal::Groups groups(engine::account::device_keys(*own), store, entropy, nobody);
    const auto version = groups.version(conversation);
    if (!version) return std::nullopt;
    GroupView out;
    out.version = *version;
    if (const auto head = groups.head(conversation)) out.authenticator = to_bytes(head->authenticator.view());
    out.members = groups.members(conversation);
    out.policy = groups.policy(conversation);
    return out;
}

std::set<DeviceId> own_devices(port::Store& store)
{
    std::set<DeviceId> out;
    if (const auto own = store.identity()) add_devices(own->device_list, out);
    return out;
}

void MemberWatch::accepted(port::Store& sender, const MessageId& id, const std::string& to, Instant asked, Instant now)
{
    if (const auto at = early_.find(id); at != early_.end() && at->second.left == asked)
        throw Broken(at->second.verdict);
    // An application that slept hears of it late: what is sealed by now was so by what was listed then, whether it has
    // left or not.
    Said said{to, listed(sender, to), early_judged_[id]};
    if (const auto stored = sender.envelope(id); stored && now != asked)
        if (const auto label = seal::read_label(stored->sealed)) said.judged.insert(label->version);
    said_.try_emplace(id, std::move(said));
}

void MemberWatch::noted(const wire::Envelope& envelope)
{
    const auto label = seal::read_label(envelope.sealed);
    if (label && label->kind == seal::Label::Kind::message) early_judged_[envelope.id].insert(label->version);
}

void MemberWatch::leaves(const std::string& from, port::Store& sender, const wire::Envelope& envelope, Instant now_is)
{
    const auto label = seal::read_label(envelope.sealed);
    if (!label || label->kind != seal::Label::Kind::message) return;
    const auto at = said_.find(envelope.id);
    if (at == said_.end()) return leaves_early(from, sender, envelope.id, *label, now_is);
    if (!at->second.judged.insert(label->version).second) return;
    const auto now = group_view(sender, label->conversation);
    if (!now || now->version != label->version) return;
    const auto listed_now = listed(sender, at->second.to);
    for (const auto& member : now->members)
        demand(at->second.listed.contains(member.device) || listed_now.contains(member.device),
               "sealed for a device that left: " + from + " lets a device of " + member.user +
                   " read what was said after it was gone");
}

/// Sealed in the tick that accepts it, before the application is told: what is listed in this moment is what its sender
/// knows. What leaves later than it was asked for may have been sealed before that, and got lost on its way.
void MemberWatch::leaves_early(const std::string& from, port::Store& sender, const MessageId& id,
                               const seal::Label& label, Instant now_is)
{
    if (!early_judged_[id].insert(label.version).second) return;
    const auto now = group_view(sender, label.conversation);
    if (!now || now->version != label.version) return;
    for (const auto& contact : sender.contacts()) {
        if (test::conversation_at(sender, contact.user) != label.conversation) continue;
        const auto known = listed(sender, contact.user);
        for (const auto& member : now->members)
            if (!known.contains(member.device))
                early_[id] = {now_is, "sealed for a device that left: " + from + " lets a device of " + member.user +
                                          " read what was said after it was gone"};
    }
}

std::string MemberWatch::stale(const std::string& name, port::Store& store)
{
    for (const auto& contact : store.contacts()) {
        if (contact.state != ContactState::accepted) continue;
        const auto conversation = test::conversation_at(store, contact.user);
        const auto now = conversation ? group_view(store, *conversation) : std::nullopt;
        if (!now) continue;
        const auto known = listed(store, contact.user);
        for (const auto& member : now->members)
            if (!known.contains(member.device))
                return "a device that left is a member: of " + member.user + ", in the group of " + name + " and " +
                       contact.user;
    }
    return {};
}

} // namespace godwit::testing
