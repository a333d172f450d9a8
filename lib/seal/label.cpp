// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/label.hpp"

namespace godwit::seal {

// Reads the first fields only, and copies none: this runs on everything that anybody sends. Whatever is no application
// message counts as a commit, right or not: had the Delivery Service taken it for one, it must be rejected, not
// ignored.
std::optional<Label> read_label(BytesView sealed)
{
    const auto header = wire::read_mls_header(sealed);
    if (!header) return std::nullopt;
    Label out;
    if (header->format == wire::MlsFormat::welcome) {
        out.kind = Label::Kind::welcome;
        return out;
    }
    if (!header->group) return std::nullopt;
    if (header->format == wire::MlsFormat::public_message || header->content != wire::MlsContent::application) {
        out.kind = Label::Kind::commit;
    } else {
        const auto bound = wire::parse_bound(header->authenticated_data);
        if (!bound || bound->purpose == 0 || bound->purpose >= commit_purpose) return std::nullopt;
        out.purpose = static_cast<Purpose>(bound->purpose);
    }
    out.conversation = header->group->conversation;
    out.version = {header->group->incarnation, header->epoch};
    return out;
}

} // namespace godwit::seal
