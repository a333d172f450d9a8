// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/proposal.hpp"
#include "lib/base/check.hpp"

namespace godwit::mls {

CustomProposal CustomProposal::opaque(ProposalType type, BytesView data)
{
    return {type, encode(to_bytes(data))};
}

std::optional<Bytes> CustomProposal::opaque_data() const
{
    auto data = decode<Bytes>(body);
    if (!data) return std::nullopt;
    return std::move(*data);
}

void CustomProposal::read(Reader& io)
{
    const BytesView before = io.rest();
    if (io.proposal_bodies() != nullptr)
        io.proposal_bodies()->skip(type, io);
    else
        static_cast<void>(io.opaque());
    if (io.error() != MlsError::none) return;
    body = to_bytes(before.first(before.size() - io.rest().size()));
}

void ProposalBodies::add(ProposalType type, Skip skip)
{
    GODWIT_ASSERT(!is_default(type));
    skips_.insert_or_assign(type, std::move(skip));
}

void ProposalBodies::skip(ProposalType type, Reader& io) const
{
    const auto known = skips_.find(type);
    if (known == skips_.end())
        static_cast<void>(io.opaque());
    else
        known->second(io);
}

ProposalType Proposal::proposal_type() const noexcept
{
    struct TypeOf {
        ProposalType operator()(const Add&) const { return ProposalType::add; }
        ProposalType operator()(const Update&) const { return ProposalType::update; }
        ProposalType operator()(const Remove&) const { return ProposalType::remove; }
        ProposalType operator()(const PreSharedKey&) const { return ProposalType::psk; }
        ProposalType operator()(const ReInit&) const { return ProposalType::reinit; }
        ProposalType operator()(const ExternalInit&) const { return ProposalType::external_init; }
        ProposalType operator()(const GroupContextExtensions&) const { return ProposalType::group_context_extensions; }
        ProposalType operator()(const CustomProposal& custom) const { return custom.type; }
    };
    return std::visit(TypeOf{}, body);
}

void Proposal::emplace(ProposalType type)
{
    switch (type) {
    case ProposalType::add: body.emplace<Add>(); break;
    case ProposalType::update: body.emplace<Update>(); break;
    case ProposalType::remove: body.emplace<Remove>(); break;
    case ProposalType::psk: body.emplace<PreSharedKey>(); break;
    case ProposalType::reinit: body.emplace<ReInit>(); break;
    case ProposalType::external_init: body.emplace<ExternalInit>(); break;
    case ProposalType::group_context_extensions: body.emplace<GroupContextExtensions>(); break;
    default: body.emplace<CustomProposal>().type = type;
    }
}

bool Proposal::path_required(bool if_custom) const noexcept
{
    if (as<CustomProposal>() != nullptr) return if_custom;
    switch (proposal_type()) {
    case ProposalType::add:
    case ProposalType::psk:
    case ProposalType::reinit: return false;
    default: return true;
    }
}

bool Proposal::external_allowed(bool if_custom) const noexcept
{
    if (as<CustomProposal>() != nullptr) return if_custom;
    switch (proposal_type()) {
    case ProposalType::add:
    case ProposalType::remove:
    case ProposalType::psk:
    case ProposalType::reinit:
    case ProposalType::group_context_extensions: return true;
    default: return false;
    }
}

} // namespace godwit::mls
