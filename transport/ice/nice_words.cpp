// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/nice_words.hpp"

#include <algorithm>
#include <cstring>

namespace godwit::ice {

Endpoint from_nice(const NiceAddress& address) noexcept
{
    Endpoint out;
    out.v6 = address.s.addr.sa_family == AF_INET6;
    if (out.v6)
        std::memcpy(out.address.data(), &address.s.ip6.sin6_addr, 16);
    else
        std::memcpy(out.address.data(), &address.s.ip4.sin_addr, 4);
    out.port = static_cast<std::uint16_t>(nice_address_get_port(&address));
    return out;
}

NiceAddress to_nice(const Endpoint& endpoint) noexcept
{
    NiceAddress out;
    nice_address_init(&out);
    if (endpoint.v6) {
        nice_address_set_ipv6(&out, endpoint.address.data());
    } else {
        const auto& a = endpoint.address;
        nice_address_set_ipv4(&out,
                              (guint32{a[0]} << 24) | (guint32{a[1]} << 16) | (guint32{a[2]} << 8) | guint32{a[3]});
    }
    nice_address_set_port(&out, endpoint.port);
    return out;
}

CandidateKind from_nice(NiceCandidateType type) noexcept
{
    switch (type) {
    case NICE_CANDIDATE_TYPE_HOST: return CandidateKind::host;
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE: return CandidateKind::srflx;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE: return CandidateKind::prflx;
    case NICE_CANDIDATE_TYPE_RELAYED: return CandidateKind::relayed;
    }
    return CandidateKind::host;
}

NiceCandidateType to_nice(CandidateKind kind) noexcept
{
    switch (kind) {
    case CandidateKind::host: return NICE_CANDIDATE_TYPE_HOST;
    case CandidateKind::srflx: return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
    case CandidateKind::prflx: return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
    case CandidateKind::relayed: return NICE_CANDIDATE_TYPE_RELAYED;
    }
    return NICE_CANDIDATE_TYPE_HOST;
}

Candidate from_nice(const NiceCandidate& candidate)
{
    Candidate out;
    out.foundation.assign(candidate.foundation, strnlen(candidate.foundation, sizeof candidate.foundation));
    out.priority = candidate.priority;
    out.endpoint = from_nice(candidate.addr);
    out.kind = from_nice(candidate.type);
    return out;
}

NiceCandidate* to_nice(const Candidate& candidate, guint stream)
{
    auto* out = nice_candidate_new(to_nice(candidate.kind));
    out->transport = NICE_CANDIDATE_TRANSPORT_UDP;
    out->addr = to_nice(candidate.endpoint);
    out->base_addr = out->addr;
    out->priority = candidate.priority;
    out->stream_id = stream;
    out->component_id = 1;
    const auto length = std::min(candidate.foundation.size(), sizeof out->foundation - 1);
    std::memcpy(out->foundation, candidate.foundation.data(), length);
    out->foundation[length] = '\0';
    return out;
}

} // namespace godwit::ice
