// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/quic_callbacks.hpp"

#include <algorithm>

namespace godwit::quic {
namespace {

QuicCore& core_of(void* user_data)
{
    return *static_cast<QuicCore*>(user_data);
}

} // namespace

int QuicCore::Callbacks::verify(gnutls_session_t session)
{
    const auto* reference = static_cast<const ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
    auto& core = core_of(reference->user_data);
    return tls::judge_peer(session, core.policy_, core.verdict_);
}

void QuicCore::Callbacks::random(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx* context)
{
    const auto& source = *static_cast<const RandomSource*>(context->native_handle);
    source.entropy->fill({out, size});
    if (source.creating && size == 1) *out &= 0xfe;
}

ngtcp2_callbacks QuicCore::Callbacks::table(tls::Role role)
{
    ngtcp2_callbacks out{};
    if (role == tls::Role::client) {
        out.client_initial = ngtcp2_crypto_client_initial_cb;
        out.recv_retry = ngtcp2_crypto_recv_retry_cb;
        out.recv_new_token = [](ngtcp2_conn*, const ngtcp2_vec* token, void* user) {
            core_of(user).sink_->token_came({token->base, token->len});
            return 0;
        };
    } else {
        out.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    }
    out.recv_crypto_data = [](ngtcp2_conn*, ngtcp2_crypto_level level, std::uint64_t offset, const std::uint8_t* data,
                              std::size_t size,
                              void* user) { return core_of(user).crypto_data(level, offset, {data, size}); };
    out.encrypt = ngtcp2_crypto_encrypt_cb;
    out.decrypt = ngtcp2_crypto_decrypt_cb;
    out.hp_mask = ngtcp2_crypto_hp_mask_cb;
    out.update_key = ngtcp2_crypto_update_key_cb;
    out.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    out.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    out.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
    out.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    out.rand = random;

    out.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token, std::size_t length, void* user) {
        auto& core = core_of(user);
        core.fill_random(*cid, length);
        core.sink_->reset_token(*cid, token);
        core.cids_.push_back(*cid);
        core.sink_->cid_added(core, *cid);
        return 0;
    };
    out.remove_connection_id = [](ngtcp2_conn*, const ngtcp2_cid* cid, void* user) {
        auto& core = core_of(user);
        std::erase_if(core.cids_, [cid](const ngtcp2_cid& mine) { return ngtcp2_cid_eq(&mine, cid) != 0; });
        core.sink_->cid_removed(*cid);
        return 0;
    };
    out.handshake_completed = [](ngtcp2_conn*, void* user) { return core_of(user).handshake_completed(); };
    out.handshake_confirmed = [](ngtcp2_conn*, void* user) {
        auto& core = core_of(user);
        if (core.role_ == tls::Role::client) core.become_up();
        return 0;
    };
    out.recv_stream_data = [](ngtcp2_conn*, std::uint32_t flags, std::int64_t stream, std::uint64_t,
                              const std::uint8_t* data, std::size_t size, void* user, void*) {
        auto& core = core_of(user);
        const int code = core.stream_data(stream, {data, size});
        if (code != 0 || (flags & NGTCP2_STREAM_DATA_FLAG_FIN) == 0) return code;
        // The stream is the link: its end is a protocol error, goodbye is CONNECTION_CLOSE.
        core.failure_ = Error{ErrorCode::malformed, "the far side ended the stream of frames"};
        return static_cast<int>(NGTCP2_ERR_CALLBACK_FAILURE);
    };
    out.recv_datagram = [](ngtcp2_conn*, std::uint32_t, const std::uint8_t* data, std::size_t size, void* user) {
        return core_of(user).application_datagram({data, size});
    };
    out.stream_reset = [](ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t, void* user, void*) {
        core_of(user).failure_ = Error{ErrorCode::malformed, "the far side reset the stream of frames"};
        return static_cast<int>(NGTCP2_ERR_CALLBACK_FAILURE);
    };
    out.stream_stop_sending = [](ngtcp2_conn*, std::int64_t, std::uint64_t, void* user, void*) {
        core_of(user).failure_ = Error{ErrorCode::malformed, "the far side refuses the stream of frames"};
        return static_cast<int>(NGTCP2_ERR_CALLBACK_FAILURE);
    };
    out.acked_stream_data_offset = [](ngtcp2_conn*, std::int64_t stream, std::uint64_t offset, std::uint64_t size,
                                      void* user, void*) {
        auto& core = core_of(user);
        (stream == core.bulk_stream_ ? core.bulk_queue_ : core.queue_).acked(offset + size);
        return 0;
    };
    out.recv_stateless_reset = [](ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user) {
        core_of(user).was_reset_ = true;
        return 0;
    };
    return out;
}

} // namespace godwit::quic
