// SPDX-License-Identifier: Apache-2.0
#include "bench/quic/bare.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <cerrno>
#include <ctime>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench::quic {
namespace {

constexpr std::size_t datagram_bytes = 1452; // as transport/quic sends
constexpr std::size_t train_bytes = 44 * datagram_bytes;
constexpr std::size_t mib = 1024 * 1024;
constexpr std::uint64_t window_bytes = 8 * mib; // more than loopback ever has under way
constexpr const char* priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:"
                                 "+PSK:+ECDHE-PSK:%DISABLE_TLS13_COMPAT_MODE";
constexpr std::string_view protocol = "bench";
std::uint8_t shared_key[32] = {1}; // both sides are us

ngtcp2_tstamp now()
{
    return static_cast<ngtcp2_tstamp>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

double thread_cpu_s()
{
    timespec spent{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

[[noreturn]] void give_up(const std::string& what)
{
    throw std::runtime_error("bare ngtcp2: " + what);
}

void must(int code, const char* what)
{
    if (code != 0) give_up(std::string(what) + ": " + ngtcp2_strerror(code));
}

/// Two connected sockets.
struct Sockets {
    int fd[2] = {-1, -1};
    sockaddr_in at[2] = {};
    Sockets()
    {
        for (int i = 0; i < 2; ++i) {
            fd[i] = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            at[i].sin_family = AF_INET;
            at[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            socklen_t length = sizeof at[i];
            if (fd[i] < 0 || ::bind(fd[i], reinterpret_cast<sockaddr*>(&at[i]), length) != 0 ||
                ::getsockname(fd[i], reinterpret_cast<sockaddr*>(&at[i]), &length) != 0)
                give_up("no UDP socket on loopback");
            const int on = 1;
            const int buffer = 2 * mib;
            (void)::setsockopt(fd[i], IPPROTO_UDP, UDP_GRO, &on, sizeof on);
            (void)::setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        }
        for (int i = 0; i < 2; ++i)
            if (::connect(fd[i], reinterpret_cast<sockaddr*>(&at[1 - i]), sizeof at[1 - i]) != 0) give_up("connect");
    }
    ~Sockets()
    {
        for (const int one : fd)
            if (one >= 0) ::close(one);
    }
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
};

/// One side: the client sends, the server takes.
class End {
public:
    End(Sockets& sockets, int side, ngtcp2_cc_algo congestion, std::uint64_t bytes)
        : fd_(sockets.fd[side]), client_(side == 0), congestion_(congestion), left_(bytes), room_(train_bytes),
          inbox_(65536), payload_(client_ ? mib : 0, 0x5a)
    {
        path_.local = {reinterpret_cast<ngtcp2_sockaddr*>(&sockets.at[side]), sizeof sockets.at[side]};
        path_.remote = {reinterpret_cast<ngtcp2_sockaddr*>(&sockets.at[1 - side]), sizeof sockets.at[1 - side]};
        reference_.user_data = this;
        reference_.get_conn = [](ngtcp2_crypto_conn_ref* one) { return static_cast<End*>(one->user_data)->conn_; };
        if (client_) begin(nullptr);
    }
    ~End()
    {
        if (conn_ != nullptr) ngtcp2_conn_del(conn_);
        if (session_ != nullptr) gnutls_deinit(session_);
        if (client_key_ != nullptr) gnutls_psk_free_client_credentials(client_key_);
        if (server_key_ != nullptr) gnutls_psk_free_server_credentials(server_key_);
    }
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    /// Until `over`, or all has come.
    void run(std::atomic<bool>& over)
    {
        while (!over.load(std::memory_order_relaxed)) {
            if (conn_ != nullptr) {
                if (ngtcp2_conn_get_expiry(conn_) <= now()) must(ngtcp2_conn_handle_expiry(conn_, now()), "timer");
                write();
            }
            if (!client_ && left_ == 0) break;
            wait();
            read();
        }
        over = true;
    }

private:
    static End& of(void* user) { return *static_cast<End*>(user); }

    void begin(const ngtcp2_pkt_hd* first)
    {
        ngtcp2_callbacks calls{};
        calls.client_initial = ngtcp2_crypto_client_initial_cb;
        calls.recv_retry = ngtcp2_crypto_recv_retry_cb;
        calls.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
        calls.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
        calls.encrypt = ngtcp2_crypto_encrypt_cb;
        calls.decrypt = ngtcp2_crypto_decrypt_cb;
        calls.hp_mask = ngtcp2_crypto_hp_mask_cb;
        calls.update_key = ngtcp2_crypto_update_key_cb;
        calls.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
        calls.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
        calls.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb;
        calls.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
        calls.rand = [](std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx*) {
            (void)gnutls_rnd(GNUTLS_RND_NONCE, out, size);
        };
        calls.get_new_connection_id = [](ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token, std::size_t size, void*) {
            cid->datalen = size;
            (void)gnutls_rnd(GNUTLS_RND_NONCE, cid->data, size);
            (void)gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN);
            return 0;
        };
        calls.handshake_completed = [](ngtcp2_conn* conn, void* user) {
            auto& end = of(user);
            return end.client_ ? ngtcp2_conn_open_bidi_stream(conn, &end.stream_, nullptr) : 0;
        };
        calls.recv_stream_data = [](ngtcp2_conn* conn, std::uint32_t, std::int64_t stream, std::uint64_t,
                                    const std::uint8_t*, std::size_t size, void* user, void*) {
            ngtcp2_conn_extend_max_stream_offset(conn, stream, size);
            ngtcp2_conn_extend_max_offset(conn, size);
            auto& end = of(user);
            end.left_ -= std::min<std::uint64_t>(end.left_, size);
            return 0;
        };

        ngtcp2_settings settings;
        ngtcp2_settings_default(&settings);
        settings.initial_ts = now();
        settings.cc_algo = congestion_;
        settings.max_tx_udp_payload_size = datagram_bytes;
        ngtcp2_transport_params params;
        ngtcp2_transport_params_default(&params);
        params.initial_max_data = window_bytes;
        params.initial_max_stream_data_bidi_remote = window_bytes;
        params.initial_max_stream_data_bidi_local = window_bytes;
        params.initial_max_streams_bidi = 1;
        params.active_connection_id_limit = 7;
        ngtcp2_cid ours{};
        ours.datalen = 8;
        (void)gnutls_rnd(GNUTLS_RND_NONCE, ours.data, ours.datalen);
        if (first == nullptr) {
            ngtcp2_cid theirs{};
            theirs.datalen = 18;
            (void)gnutls_rnd(GNUTLS_RND_NONCE, theirs.data, theirs.datalen);
            must(ngtcp2_conn_client_new(&conn_, &theirs, &ours, &path_, NGTCP2_PROTO_VER_V1, &calls, &settings, &params,
                                        nullptr, this),
                 "client");
        } else {
            params.original_dcid = first->dcid;
            must(ngtcp2_conn_server_new(&conn_, &first->scid, &ours, &path_, first->version, &calls, &settings, &params,
                                        nullptr, this),
                 "server");
        }
        open_session();
    }

    void open_session()
    {
        const gnutls_datum_t key{shared_key, sizeof shared_key};
        int code = gnutls_init(&session_, (client_ ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NO_TICKETS);
        if (code == 0) code = gnutls_priority_set_direct(session_, priority, nullptr);
        if (code == 0 && client_) {
            code = gnutls_psk_allocate_client_credentials(&client_key_);
            if (code == 0) code = gnutls_psk_set_client_credentials(client_key_, "bench", &key, GNUTLS_PSK_KEY_RAW);
            if (code == 0) code = gnutls_credentials_set(session_, GNUTLS_CRD_PSK, client_key_);
        } else if (code == 0) {
            code = gnutls_psk_allocate_server_credentials(&server_key_);
            gnutls_psk_set_server_credentials_function(
                server_key_, [](gnutls_session_t, const char*, gnutls_datum_t* out) {
                    out->data = static_cast<unsigned char*>(gnutls_malloc(sizeof shared_key));
                    out->size = sizeof shared_key;
                    std::memcpy(out->data, shared_key, sizeof shared_key);
                    return 0;
                });
            if (code == 0) code = gnutls_credentials_set(session_, GNUTLS_CRD_PSK, server_key_);
        }
        const gnutls_datum_t alpn{reinterpret_cast<unsigned char*>(const_cast<char*>(protocol.data())),
                                  static_cast<unsigned>(protocol.size())};
        if (code == 0) code = gnutls_alpn_set_protocols(session_, &alpn, 1, GNUTLS_ALPN_MANDATORY);
        if (code == 0)
            code = client_ ? ngtcp2_crypto_gnutls_configure_client_session(session_)
                           : ngtcp2_crypto_gnutls_configure_server_session(session_);
        if (code != 0) give_up(std::string("GnuTLS: ") + gnutls_strerror(code));
        gnutls_session_set_ptr(session_, &reference_);
        ngtcp2_conn_set_tls_native_handle(conn_, session_);
    }

    void wait()
    {
        int timeout_ms = 100;
        if (conn_ != nullptr) {
            const auto due = ngtcp2_conn_get_expiry(conn_);
            const auto at = now();
            if (due <= at) timeout_ms = 0;
            if (due > at && due != UINT64_MAX) {
                const timespec exact{static_cast<time_t>(std::min<std::uint64_t>((due - at) / NGTCP2_SECONDS, 1)),
                                     static_cast<long>((due - at) % NGTCP2_SECONDS)};
                pollfd one{fd_, static_cast<short>(POLLIN | (held_.empty() ? 0 : POLLOUT)), 0};
                (void)::ppoll(&one, 1, &exact, nullptr);
                return;
            }
        }
        pollfd one{fd_, static_cast<short>(POLLIN | (held_.empty() ? 0 : POLLOUT)), 0};
        (void)::poll(&one, 1, timeout_ms);
    }

    void read()
    {
        for (int round = 0; round < 16; ++round) {
            iovec into{inbox_.data(), inbox_.size()};
            alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
            msghdr header{};
            header.msg_iov = &into;
            header.msg_iovlen = 1;
            header.msg_control = control;
            header.msg_controllen = sizeof control;
            const auto got = ::recvmsg(fd_, &header, MSG_DONTWAIT);
            if (got <= 0) return;
            auto size = static_cast<std::size_t>(got);
            std::size_t segment = size;
            for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
                int told = 0;
                if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
                std::memcpy(&told, CMSG_DATA(c), sizeof told);
                segment = static_cast<std::size_t>(told);
            }
            for (std::size_t at = 0; at < size; at += segment)
                take(inbox_.data() + at, std::min(segment, size - at));
        }
    }

    void take(const std::uint8_t* data, std::size_t size)
    {
        if (conn_ == nullptr) {
            ngtcp2_pkt_hd first{};
            if (ngtcp2_accept(&first, data, size) != 0) return;
            begin(&first);
        }
        const ngtcp2_pkt_info info{};
        must(ngtcp2_conn_read_pkt(conn_, &path_, &info, data, size, now()), "packet");
    }

    void write()
    {
        if (!held_.empty()) {
            if (!send(held_.data(), held_.size(), held_segment_)) return;
            held_.clear();
        }
        std::size_t size = 0;
        std::size_t segment = 0;
        std::size_t quantum = std::max(ngtcp2_conn_get_send_quantum(conn_), datagram_bytes);
        const auto at = now();
        bool blocked = false;
        while (quantum > 0) {
            if (size + datagram_bytes > train_bytes) {
                if (!send(room_.data(), size, segment)) return hold(size, segment);
                size = 0;
            }
            const bool some = stream_ >= 0 && left_ > 0 && !blocked;
            const std::size_t from = static_cast<std::size_t>(sent_ % mib);
            const ngtcp2_vec piece{payload_.data() + from, std::min<std::uint64_t>(mib - from, left_)};
            ngtcp2_pkt_info info{};
            ngtcp2_ssize taken = -1;
            const auto n = ngtcp2_conn_writev_stream(conn_, nullptr, &info, room_.data() + size, datagram_bytes, &taken,
                                                     NGTCP2_WRITE_STREAM_FLAG_NONE, some ? stream_ : -1,
                                                     some ? &piece : nullptr, some ? 1 : 0, at);
            if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
                blocked = true;
                continue;
            }
            if (n < 0) must(static_cast<int>(n), "write");
            if (n == 0) break;
            if (taken > 0) {
                left_ -= static_cast<std::uint64_t>(taken);
                sent_ += static_cast<std::uint64_t>(taken);
            }
            const auto packet = static_cast<std::size_t>(n);
            quantum -= std::min(quantum, packet);
            if (size > 0 && packet > segment) { // a longer one begins a train of its own
                if (!send(room_.data(), size, segment)) return hold(size, segment);
                std::memmove(room_.data(), room_.data() + size, packet);
                size = 0;
            }
            if (size == 0) segment = packet;
            size += packet;
            if (packet < segment) {
                if (!send(room_.data(), size, segment)) return hold(size, segment);
                size = 0;
            }
        }
        if (size > 0 && !send(room_.data(), size, segment)) return hold(size, segment);
        if (ngtcp2_conn_get_handshake_completed(conn_) != 0) ngtcp2_conn_update_pkt_tx_time(conn_, at);
    }

    void hold(std::size_t size, std::size_t segment)
    {
        held_.assign(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(size));
        held_segment_ = segment;
    }

    bool send(const std::uint8_t* data, std::size_t size, std::size_t segment)
    {
        iovec from{const_cast<std::uint8_t*>(data), size};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint16_t))] = {};
        msghdr header{};
        header.msg_iov = &from;
        header.msg_iovlen = 1;
        if (segment < size) {
            header.msg_control = control;
            header.msg_controllen = sizeof control;
            cmsghdr* const c = CMSG_FIRSTHDR(&header);
            c->cmsg_level = SOL_UDP;
            c->cmsg_type = UDP_SEGMENT;
            c->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
            const auto cut = static_cast<std::uint16_t>(segment);
            std::memcpy(CMSG_DATA(c), &cut, sizeof cut);
        }
        return ::sendmsg(fd_, &header, MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != ENOBUFS);
    }

    const int fd_;
    const bool client_;
    const ngtcp2_cc_algo congestion_;
    std::uint64_t left_; ///< To send; to come.
    std::uint64_t sent_ = 0;
    std::int64_t stream_ = -1;
    ngtcp2_path path_{};
    ngtcp2_conn* conn_ = nullptr;
    gnutls_session_t session_ = nullptr;
    gnutls_psk_client_credentials_t client_key_ = nullptr;
    gnutls_psk_server_credentials_t server_key_ = nullptr;
    ngtcp2_crypto_conn_ref reference_{};
    std::vector<std::uint8_t> room_;
    std::vector<std::uint8_t> inbox_;
    std::vector<std::uint8_t> payload_;
    std::vector<std::uint8_t> held_; ///< A train for which the socket had no room.
    std::size_t held_segment_ = 0;
};

Bare once(std::size_t mebibytes, ngtcp2_cc_algo congestion, const char* name)
{
    Sockets sockets;
    std::atomic<bool> over{false};
    std::atomic<bool> late{false};
    double cpu[2] = {};
    std::string trouble[2];
    const auto start = std::chrono::steady_clock::now();
    const auto side = [&](int which) {
        try {
            End end(sockets, which, congestion, mebibytes * mib);
            end.run(over);
        } catch (const std::exception& why) {
            trouble[which] = why.what();
            over = true;
        }
        cpu[which] = thread_cpu_s();
    };
    std::thread taker(side, 1);
    std::thread sender(side, 0);
    std::thread watch([&] {
        while (!over && std::chrono::steady_clock::now() - start < std::chrono::minutes(1))
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        late = !over.exchange(true);
    });
    taker.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    sender.join();
    watch.join();
    for (const auto& one : trouble)
        if (!one.empty()) give_up(one);
    if (late) give_up("not all came within a minute");
    return {static_cast<double>(mebibytes) / took.count(), (cpu[0] + cpu[1]) / (static_cast<double>(mebibytes) / 1024),
            name};
}

} // namespace

Bare bare_ngtcp2(std::size_t mebibytes)
{
    const Bare cubic = once(mebibytes, NGTCP2_CC_ALGO_CUBIC, "CUBIC");
    const Bare bbr = once(mebibytes, NGTCP2_CC_ALGO_BBR2, "BBR2");
    return cubic.mib_per_s > bbr.mib_per_s ? cubic : bbr;
}

} // namespace bench::quic
