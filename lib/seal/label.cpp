// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/label.hpp"

#include "lib/mls/framing.hpp"

namespace godwit::seal {
namespace {

constexpr std::size_t incarnation_bytes = 8;
constexpr std::size_t bound_bytes = 1 + MessageId::size_bytes; ///< Of bind().

} // namespace

Bytes encode_group_id(const ConversationId& conversation, std::uint64_t incarnation)
{
    mls::Writer io;
    io(conversation.bytes, incarnation);
    return io.copy();
}

std::optional<GroupName> parse_group_id(BytesView group_id)
{
    if (group_id.size() != ConversationId::size_bytes + incarnation_bytes) return std::nullopt;
    GroupName out;
    mls::Reader io(group_id);
    io(out.conversation.bytes, out.incarnation);
    return out;
}

Bytes bind(std::uint8_t purpose, const MessageId& id)
{
    mls::Writer io;
    io(purpose, id.bytes);
    return io.copy();
}

// Reads the first fields only, and copies none: this runs on everything that anybody sends. Whatever is no application
// message counts as a commit, right or not: had the Delivery Service taken it for one, it must be rejected, not
// ignored.
std::optional<Label> read_label(BytesView sealed)
{
    mls::Reader io(sealed);
    auto version = mls::ProtocolVersion::mls10;
    mls::WireFormat format{};
    io(version, format);
    if (io.error() != mls::MlsError::none || version != mls::ProtocolVersion::mls10) return std::nullopt;
    Label out;
    if (format == mls::WireFormat::mls_welcome) {
        out.kind = Label::Kind::welcome;
        return out;
    }
    const bool open = format == mls::WireFormat::mls_public_message;
    if (!open && format != mls::WireFormat::mls_private_message) return std::nullopt;
    const auto name = parse_group_id(io.opaque());
    std::uint64_t epoch = 0;
    io(epoch);
    mls::ContentType type{};
    BytesView bound;
    if (!open) {
        io(type);
        bound = io.opaque();
    }
    if (io.error() != mls::MlsError::none || !name) return std::nullopt;
    if (open || type != mls::ContentType::application) {
        out.kind = Label::Kind::commit;
    } else {
        if (bound.size() != bound_bytes || bound[0] == 0 || bound[0] >= commit_purpose) return std::nullopt;
        out.purpose = static_cast<Purpose>(bound[0]);
    }
    out.conversation = name->conversation;
    out.version = {name->incarnation, epoch};
    return out;
}

} // namespace godwit::seal
