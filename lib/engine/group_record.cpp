// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_record.hpp"

namespace godwit::engine {
namespace {

constexpr std::uint8_t record_version = 3;

} // namespace

WipingBytes encode_record(const Group& group)
{
    const WipingBytes profile(wire::encode(group.profile));
    WipingBytes out{record_version, static_cast<std::uint8_t>(group.state), static_cast<std::uint8_t>(group.kind)};
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(group.roster >> shift));
    const auto append = [&out](const WipingBytes& more) { out.insert(out.end(), more.begin(), more.end()); };
    out.push_back(static_cast<std::uint8_t>(group.secret.size()));
    append(group.secret);
    for (const auto* some : {&group.spare_secrets, &group.given_secrets}) {
        out.push_back(static_cast<std::uint8_t>(some->size()));
        for (const auto& secret : *some)
            append(secret);
    }
    append(profile);
    return out;
}

bool decode_record(BytesView bytes, Group& out)
{
    constexpr std::size_t head = 12;
    if (bytes.size() < head || bytes[0] == 0 || bytes[0] > record_version) return false;
    if (bytes[1] < 1 || bytes[1] > 3) return false;
    if (bytes[2] < static_cast<std::uint8_t>(ConversationKind::group) ||
        bytes[2] > static_cast<std::uint8_t>(ConversationKind::channel))
        return false;
    out.state = static_cast<Group::State>(bytes[1]);
    out.kind = static_cast<ConversationKind>(bytes[2]);
    for (std::size_t i = 3; i < 11; ++i)
        out.roster = out.roster << 8 | bytes[i];
    const std::size_t length = bytes[11];
    if (bytes.size() < head + length) return false;
    out.secret = WipingBytes::copy_of(bytes.subspan(head, length));
    auto rest = bytes.subspan(head + length);
    const auto take = [&rest](std::vector<WipingBytes>& into, std::size_t count_max) {
        const std::size_t count = rest.empty() ? 0 : rest[0];
        if (rest.empty() || count > count_max || rest.size() < 1 + count * seal::group_secret_bytes) return false;
        for (std::size_t i = 0; i < count; ++i)
            into.push_back(
                WipingBytes::copy_of(rest.subspan(1 + i * seal::group_secret_bytes, seal::group_secret_bytes)));
        rest = rest.subspan(1 + count * seal::group_secret_bytes);
        return true;
    };
    // The first version had no others, the second none by the relay's word.
    if (bytes[0] > 1 && !take(out.spare_secrets, group_spare_secrets_max)) return false;
    if (bytes[0] > 2 && !take(out.given_secrets, group_given_secrets_max)) return false;
    auto profile = wire::decode_group_profile(rest);
    if (profile) out.profile = std::move(*profile);
    return profile.ok();
}

} // namespace godwit::engine
