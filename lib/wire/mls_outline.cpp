// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/mls_outline.hpp"

#include "lib/base/check.hpp"
#include "lib/wire/content.hpp"
#include "lib/wire/mls_walker.hpp"

#include <algorithm>

namespace godwit::wire {
namespace {

constexpr std::uint64_t mls10 = 1;
constexpr std::size_t incarnation_bytes = 8;

// RFC 9420: sections 5.3, 6, 7.2, 12.1, 12.4 and 17.3.
constexpr std::uint64_t sender_new_member_commit = 4;
constexpr std::uint64_t proposal_by_value = 1;
constexpr std::uint64_t proposal_remove = 3;
constexpr std::uint64_t proposal_external_init = 6;
constexpr std::uint64_t leaf_source_commit = 3;
constexpr std::uint64_t extension_ratchet_tree = 2;
constexpr std::uint64_t extension_external_pub = 4;
constexpr int capability_lists = 5;

MlsFormat format_of(MlsWalker& in)
{
    in.require(in.integer(2) == mls10);
    const auto format = in.integer(2);
    in.require(format >= 1 && format <= 5);
    return static_cast<MlsFormat>(format);
}

/// Of group_id, epoch and, in a PrivateMessage, content_type and authenticated_data.
MlsHeader header_of(MlsWalker& in)
{
    MlsHeader out;
    out.format = format_of(in);
    const bool open = out.format == MlsFormat::public_message;
    if (!in.good() || (!open && out.format != MlsFormat::private_message)) return out;
    out.group = parse_group_id(in.opaque());
    out.epoch = in.integer(8);
    if (open) return out;
    out.content = static_cast<MlsContent>(in.integer(1));
    out.authenticated_data = in.opaque();
    return out;
}

/// opaque<V> of section 2.1.2. Precondition: 1…device_list_bytes_max.
void put_opaque(Bytes& out, BytesView value)
{
    GODWIT_ASSERT(!value.empty() && value.size() <= device_list_bytes_max);
    static_assert(device_list_bytes_max < 16'384);
    const std::size_t size = value.size();
    if (size >= 64) out.push_back(static_cast<std::uint8_t>(0x40 | (size >> 8)));
    out.push_back(static_cast<std::uint8_t>(size));
    append(out, value);
}

/// One ExternalInit, and at most one Remove: who comes back takes out the old leaf.
bool are_external_proposals(BytesView list)
{
    MlsWalker in(list);
    int inits = 0, removes = 0;
    while (in.more()) {
        in.require(in.integer(1) == proposal_by_value);
        const auto type = in.integer(2);
        if (type == proposal_external_init) {
            ++inits;
            in.require(!in.opaque().empty());
        } else {
            ++removes;
            in.require(type == proposal_remove);
            (void)in.integer(4);
        }
    }
    return in.done() && inits == 1 && removes <= 1;
}

/// LeafNode of section 7.2; its signature key.
std::optional<DeviceId> walk_path_leaf(MlsWalker& in)
{
    (void)in.opaque(); // encryption_key
    const auto key = DeviceId::from(in.opaque());
    (void)in.integer(2); // credential
    (void)in.opaque();
    for (int i = 0; i < capability_lists; ++i)
        (void)in.opaque();
    in.require(in.integer(1) == leaf_source_commit);
    (void)in.opaque(); // parent_hash
    (void)in.opaque(); // extensions
    (void)in.opaque(); // signature
    in.require(key.has_value());
    return key;
}

/// From the sender on: FramedContent and FramedContentAuthData of an external commit.
void walk_external_commit(MlsWalker& in, MlsCommit& out, BytesView& authenticated_data)
{
    in.require(in.integer(1) == sender_new_member_commit);
    authenticated_data = in.opaque();
    in.require(in.integer(1) == static_cast<std::uint64_t>(MlsContent::commit));
    in.require(are_external_proposals(in.opaque()));
    in.require(in.integer(1) == 1); // optional<UpdatePath>
    out.joins = walk_path_leaf(in);
    (void)in.opaque();                // nodes: none in a tree of one leaf
    in.require(!in.opaque().empty()); // signature
    in.require(!in.opaque().empty()); // confirmation_tag
}

} // namespace

Bytes encode_group_id(const ConversationId& conversation, std::uint64_t incarnation)
{
    Bytes out(conversation.bytes.begin(), conversation.bytes.end());
    for (std::size_t i = incarnation_bytes; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(incarnation >> (8 * i)));
    return out;
}

std::optional<GroupName> parse_group_id(BytesView group_id)
{
    if (group_id.size() != ConversationId::size_bytes + incarnation_bytes) return std::nullopt;
    MlsWalker in(group_id);
    GroupName out;
    out.conversation = *ConversationId::from(in.raw(ConversationId::size_bytes));
    out.incarnation = in.integer(incarnation_bytes);
    return out;
}

Bytes bind(std::uint8_t purpose, const MessageId& id, const std::vector<Bytes>& lists, BytesView rules)
{
    GODWIT_ASSERT(lists.size() <= (purpose == commit_purpose ? evidence_lists_max : 0));
    GODWIT_ASSERT(rules.empty() || (purpose == commit_purpose && rules.size() == rules_bytes));
    GODWIT_ASSERT(!rules.empty() || lists.empty() || lists.front().size() != rules_bytes);
    Bytes out(1 + MessageId::size_bytes, purpose);
    std::copy(id.bytes.begin(), id.bytes.end(), out.begin() + 1);
    if (!rules.empty()) put_opaque(out, rules);
    for (const Bytes& list : lists)
        put_opaque(out, list);
    return out;
}

std::optional<Bound> parse_bound(BytesView authenticated_data)
{
    MlsWalker in(authenticated_data);
    Bound out;
    out.purpose = static_cast<std::uint8_t>(in.integer(1));
    const auto id = MessageId::from(in.raw(MessageId::size_bytes));
    for (bool first = true; in.more(); first = false) {
        const auto one = in.opaque();
        in.require(out.purpose == commit_purpose);
        if (first && one.size() == rules_bytes) {
            out.rules = one;
            continue;
        }
        out.lists.push_back(one);
        in.require(out.lists.size() <= evidence_lists_max);
        in.require(!one.empty() && one.size() <= device_list_bytes_max);
    }
    if (!in.done() || !id) return std::nullopt;
    out.id = *id;
    return out;
}

std::optional<MlsHeader> read_mls_header(BytesView message)
{
    MlsWalker in(message);
    auto out = header_of(in);
    if (!in.good()) return std::nullopt;
    return out;
}

std::optional<MlsCommit> read_mls_commit(BytesView message)
{
    MlsWalker in(message);
    auto header = header_of(in);
    if (!header.group) return std::nullopt;
    MlsCommit out{*header.group, header.epoch, {}, {}, {}};
    if (header.format == MlsFormat::public_message) {
        walk_external_commit(in, out, header.authenticated_data);
    } else {
        in.require(header.content == MlsContent::commit);
        in.require(!in.opaque().empty()); // encrypted_sender_data
        in.require(!in.opaque().empty()); // ciphertext
    }
    const auto bound = parse_bound(header.authenticated_data);
    if (!in.done() || !bound || bound->purpose != commit_purpose) return std::nullopt;
    if (out.joins && !bound->lists.empty()) return std::nullopt; // It takes nobody out but itself.
    out.envelope = bound->id;
    out.rules = bound->rules;
    return out;
}

bool is_mls_welcome(BytesView message)
{
    MlsWalker in(message);
    in.require(format_of(in) == MlsFormat::welcome);
    (void)in.integer(2); // cipher_suite
    const auto secrets = in.opaque();
    in.require(!secrets.empty());
    for (MlsWalker list(secrets); list.more(); in.require(list.good())) {
        list.require(!list.opaque().empty()); // new_member
        list.require(!list.opaque().empty()); // kem_output
        list.require(!list.opaque().empty()); // ciphertext
    }
    in.require(!in.opaque().empty()); // encrypted_group_info
    return in.done();
}

std::optional<MlsGroupInfo> read_mls_group_info(BytesView message)
{
    MlsWalker in(message);
    in.require(format_of(in) == MlsFormat::group_info);
    in.require(in.integer(2) == mls10);
    (void)in.integer(2); // cipher_suite
    const auto name = parse_group_id(in.opaque());
    MlsGroupInfo out;
    out.epoch = in.integer(8);
    (void)in.opaque(); // tree_hash
    (void)in.opaque(); // confirmed_transcript_hash
    out.context_extensions = in.opaque();
    for (MlsWalker list(in.opaque()); list.more(); in.require(list.good())) {
        const auto type = list.integer(2);
        const bool full = !list.opaque().empty();
        out.has_ratchet_tree = out.has_ratchet_tree || (full && type == extension_ratchet_tree);
        out.has_external_pub = out.has_external_pub || (full && type == extension_external_pub);
    }
    in.require(!in.opaque().empty()); // confirmation_tag
    (void)in.integer(4);              // signer
    in.require(!in.opaque().empty()); // signature
    if (!in.done() || !name) return std::nullopt;
    out.group = *name;
    return out;
}

} // namespace godwit::wire
