// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/quic_server.hpp"

#include "transport/loop/sockaddr.hpp"
#include "transport/quic/paged_memory.hpp"
#include "transport/quic/quic_core.hpp"
#include "transport/quic/quic_time.hpp"

#include <algorithm>
#include <unordered_map>

namespace godwit::quic {
namespace {

/// First byte of STUN, DTLS, ZRTP and the like is below (RFC 9443 section 3: QUIC packets have bit 0x40 set).
constexpr std::uint8_t quic_first_byte_min = 0x40;
/// TURN's channels are 0x4000 to 0x4fff (RFC 8656 section 12), and up to 0x7fff for clients of RFC 5766.
constexpr std::uint8_t channel_first_byte_max = 0x7f;
/// An Initial comes in a datagram of at least this size (RFC 9000 section 14.1); smaller ones get no answer.
constexpr std::size_t initial_bytes_min = 1200;
/// How long a Retry token is good: a round trip on the worst link, and no store of tokens for later.
constexpr Duration retry_token_life = std::chrono::seconds(10);
/// A device that comes back within that time begins at once. A token proves an IP address, not a port, and who has that
/// address next may be somebody else: hence not for ever.
constexpr Duration address_token_life = std::chrono::hours(24);
/// Stateless resets a second: enough for a restart with thousands of clients, too few to be a weapon.
constexpr std::size_t resets_per_second_max = 2000;
/// RFC 9000 section 10.3: looks like a short packet of a common size, and at least one byte shorter than what caused
/// it.
constexpr std::size_t reset_bytes = 43;
constexpr std::size_t reset_bytes_min = NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;

struct CidKey {
    std::array<std::uint8_t, NGTCP2_MAX_CIDLEN> bytes{};
    std::uint8_t size = 0;
    CidKey(const std::uint8_t* data, std::size_t length) : size(static_cast<std::uint8_t>(length))
    {
        std::copy_n(data, length, bytes.begin());
    }
    explicit CidKey(const ngtcp2_cid& cid) : CidKey(cid.data, cid.datalen) {}
    friend bool operator==(const CidKey&, const CidKey&) = default;
};

/// Keyed: a client chooses its first destination id, and must not choose its place in our table.
struct CidHash {
    std::uint64_t key = 0;
    std::size_t operator()(const CidKey& cid) const noexcept
    {
        std::uint64_t hash = key ^ cid.size;
        for (std::size_t i = 0; i < cid.size; ++i)
            hash = (hash ^ cid.bytes[i]) * 0x9e3779b97f4a7c15ULL + (hash >> 29);
        return static_cast<std::size_t>(hash ^ (hash >> 32));
    }
};

} // namespace

// Shared by the server and its links, so that links may outlive the server.
class QuicServer::Endpoint final : public DatagramSink,
                                   public loop::UdpObserver,
                                   public port::LinkObserver,
                                   public std::enable_shared_from_this<Endpoint> {
public:
    Endpoint(loop::Loop& loop, const tls::Identity& identity, const QuicServeOptions& options, port::Entropy& entropy,
             tls::LinkAcceptor& acceptor, StrayHandler stray)
        : loop_(loop), identity_(identity), options_(options), entropy_(entropy), acceptor_(&acceptor),
          stray_(std::move(stray)), ledger_(std::make_shared<tls::LinkLedger>(options.serve.limits)),
          table_(16, CidHash{entropy.next_u64()})
    {
        entropy_.fill(retry_secret_);
        address_secret_ = options.address_secret;
        // One that everybody knows would prove everything.
        if (address_secret_ == decltype(address_secret_){}) entropy_.fill(address_secret_);
    }

    std::unique_ptr<loop::UdpSocket> socket;

    void stop_accepting() { accepting_ = false; }
    void shut()
    {
        accepting_ = false;
        stray_ = nullptr;
        half_open_.clear();
    }
    [[nodiscard]] const tls::LinkLedger& ledger() const { return *ledger_; }
    [[nodiscard]] std::uint64_t retries() const noexcept { return retries_; }

    // DatagramSink
    bool send_train(QuicCore& core, const ngtcp2_path& path, BytesView bytes, std::size_t segment_bytes,
                    std::uint8_t ecn) override
    {
        const loop::UdpSend send{.to = loop::from_sockaddr(reinterpret_cast<const sockaddr*>(path.remote.addr)),
                                 .from = loop::from_sockaddr(reinterpret_cast<const sockaddr*>(path.local.addr)),
                                 .bytes = bytes,
                                 .segment_bytes = segment_bytes,
                                 .ecn = ecn};
        if (socket->send({&send, 1}) == 1) return true;
        blocked_.push_back(core.weak_from_this());
        return false;
    }
    void cid_added(QuicCore& core, const ngtcp2_cid& cid) override { table_.insert_or_assign(CidKey(cid), &core); }
    void cid_removed(const ngtcp2_cid& cid) override { table_.erase(CidKey(cid)); }
    void reset_token(const ngtcp2_cid& cid, std::uint8_t* out) override
    {
        ngtcp2_crypto_generate_stateless_reset_token(out, options_.reset_secret.data(), options_.reset_secret.size(),
                                                     &cid);
    }
    [[nodiscard]] std::size_t address_token(const ngtcp2_path& path, std::span<std::uint8_t> out) override
    {
        if (out.size() < NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN) return 0;
        const ngtcp2_ssize size =
            ngtcp2_crypto_generate_regular_token(out.data(), address_secret_.data(), address_secret_.size(),
                                                 path.remote.addr, path.remote.addrlen, wall_stamp());
        return size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    void ended(QuicCore&) override {}
    [[nodiscard]] const ngtcp2_mem* memory() const noexcept override { return memory_.mem(); }

    // UdpObserver
    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        const auto self = shared_from_this();
        for (const auto& d : datagrams)
            receive(d);
        // Once for the whole batch: acknowledgements and answers share packets.
        const auto touched = std::exchange(touched_, {});
        for (const auto& core : touched) {
            core->flush_listed = false;
            core->flush();
        }
    }
    void udp_writable(loop::UdpSocket&) override
    {
        const auto self = shared_from_this();
        const auto waiting = std::exchange(blocked_, {});
        for (const auto& weak : waiting)
            if (const auto core = weak.lock()) core->writable();
    }

    // LinkObserver, of links in the handshake: they belong to us until their key is proved.
    void link_up(port::Link& link) override
    {
        auto node = half_open_.extract(&link);
        if (node.empty()) return;
        const auto core = node.mapped().core;
        core->ticket.promote();
        core->observer = &acceptor_->link_accepted(std::move(node.mapped().link), core->from);
    }
    void link_frame(port::Link&, BytesView) override {}
    void link_writable(port::Link&) override {}
    void link_down(port::Link& link, const Error&) override { half_open_.erase(&link); }

private:
    struct HalfOpen {
        std::unique_ptr<port::Link> link;
        std::shared_ptr<QuicCore> core;
    };

    void receive(const loop::UdpDatagram& d)
    {
        if (d.bytes[0] < quic_first_byte_min && !greased(d.bytes)) {
            if (stray_) static_cast<void>(stray_(d));
            return;
        }
        if (d.bytes[0] >= quic_first_byte_min && d.bytes[0] <= channel_first_byte_max && stray_ && stray_(d)) return;
        ngtcp2_version_cid ids{};
        const int code = ngtcp2_pkt_decode_version_cid(&ids, d.bytes.data(), d.bytes.size(), cid_bytes);
        if (code == NGTCP2_ERR_VERSION_NEGOTIATION) return negotiate_version(d, ids);
        if (code != 0 || ids.dcidlen > NGTCP2_MAX_CIDLEN) return;
        const PathHolder path(d.to, d.from);
        const auto known = table_.find(CidKey(ids.dcid, ids.dcidlen));
        if (known != table_.end()) return deliver(known->second->shared_from_this(), path.path, d);
        if ((d.bytes[0] & 0x80) != 0) return newcomer(path.path, d);
        reset(d, ids);
    }

    /// Of tokens that outlive the process, and a monotonic clock's beginning.
    [[nodiscard]] static ngtcp2_tstamp wall_stamp()
    {
        return span_of(std::chrono::milliseconds(loop::Loop::now().wall_ms));
    }

    /// ngtcp2 tells every client that it may clear bit 0x40 (RFC 9287); ours do not, others might. Then the id tells.
    [[nodiscard]] bool greased(BytesView bytes) const
    {
        return bytes.size() > cid_bytes && table_.contains(CidKey(bytes.data() + 1, cid_bytes));
    }

    void deliver(const std::shared_ptr<QuicCore>& core, const ngtcp2_path& path, const loop::UdpDatagram& d)
    {
        core->datagram(path, d.bytes, d.ecn);
        if (std::exchange(core->flush_listed, true)) return;
        touched_.push_back(core);
    }

    void newcomer(const ngtcp2_path& path, const loop::UdpDatagram& d)
    {
        ServerStart start;
        const int code = ngtcp2_accept(&start.head, d.bytes.data(), d.bytes.size());
        if ((code != 0 && code != NGTCP2_ERR_RETRY) || d.bytes.size() < initial_bytes_min) return;
        start.original_dcid = start.head.dcid;
        const ngtcp2_vec& token = start.head.token;
        if (token.len > 0 && token.base[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
            const int fault = ngtcp2_crypto_verify_retry_token(
                &start.original_dcid, token.base, token.len, retry_secret_.data(), retry_secret_.size(),
                start.head.version, path.remote.addr, path.remote.addrlen, &start.head.dcid, span_of(retry_token_life),
                stamp_now());
            if (fault != 0) return refuse(d, start.head, NGTCP2_INVALID_TOKEN);
            start.after_retry = true;
            start.proved = true;
        } else if (token.len > 0) {
            // One that is too old, of another address or under another secret proves nothing, and does no harm
            // (RFC 9000 section 8.1.3).
            start.proved = ngtcp2_crypto_verify_regular_token(
                               token.base, token.len, address_secret_.data(), address_secret_.size(), path.remote.addr,
                               path.remote.addrlen, span_of(address_token_life), wall_stamp()) == 0;
        }
        if (!accepting_) return refuse(d, start.head, NGTCP2_CONNECTION_REFUSED);
        if (!start.proved && (options_.retry_always || code == NGTCP2_ERR_RETRY || ledger_->busy(d.from)))
            return retry(path, d, start.head);
        auto ticket = ledger_->admit(d.from, loop::Loop::now().mono);
        if (!ticket) return refuse(d, start.head, NGTCP2_CONNECTION_REFUSED);

        const auto& serve = options_.serve;
        const Trust trust = serve.peer.expected ? Trust::peer : Trust::stranger;
        auto core = std::make_shared<QuicCore>(loop_, entropy_, identity_, tls::Role::server, serve.peer, serve.alpn,
                                               serve.link, trust, shared_from_this());
        core->ticket = std::move(*ticket);
        core->observer = this;
        core->from = d.from;
        auto link = make_link(core);
        if (core->start_server(path, start)) return;
        port::Link* key = link.get();
        half_open_.emplace(key, HalfOpen{std::move(link), core});
        deliver(core, path, d);
    }

    void retry(const ngtcp2_path& path, const loop::UdpDatagram& d, const ngtcp2_pkt_hd& head)
    {
        ngtcp2_cid source{};
        source.datalen = cid_bytes;
        entropy_.fill({source.data, source.datalen});
        std::uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
        const ngtcp2_ssize token_size =
            ngtcp2_crypto_generate_retry_token(token, retry_secret_.data(), retry_secret_.size(), head.version,
                                               path.remote.addr, path.remote.addrlen, &source, &head.dcid, stamp_now());
        if (token_size < 0) return;
        ++retries_;
        std::uint8_t out[256];
        answer(d, out,
               ngtcp2_crypto_write_retry(out, sizeof out, head.version, &head.scid, &source, &head.dcid, token,
                                         static_cast<std::size_t>(token_size)));
    }

    void refuse(const loop::UdpDatagram& d, const ngtcp2_pkt_hd& head, std::uint64_t error)
    {
        std::uint8_t out[256];
        answer(d, out,
               ngtcp2_crypto_write_connection_close(out, sizeof out, head.version, &head.scid, &head.dcid, error,
                                                    nullptr, 0));
    }

    void negotiate_version(const loop::UdpDatagram& d, const ngtcp2_version_cid& ids)
    {
        if (d.bytes.size() < initial_bytes_min || ids.dcidlen > NGTCP2_MAX_CIDLEN || ids.scidlen > NGTCP2_MAX_CIDLEN)
            return;
        std::uint8_t noise = 0;
        entropy_.fill({&noise, 1});
        // RFC 9000 section 6.3: one reserved version keeps the mechanism alive.
        const std::uint32_t versions[] = {NGTCP2_PROTO_VER_V1, 0x1a2a3a4a};
        std::uint8_t out[128];
        answer(d, out,
               ngtcp2_pkt_write_version_negotiation(out, sizeof out, noise, ids.scid, ids.scidlen, ids.dcid,
                                                    ids.dcidlen, versions, std::size(versions)));
    }

    void reset(const loop::UdpDatagram& d, const ngtcp2_version_cid& ids)
    {
        const std::size_t size = std::min(reset_bytes, d.bytes.size() - 1);
        if (size < reset_bytes_min || ids.dcidlen != cid_bytes) return;
        const Instant at = loop::Loop::now().mono;
        if (at - resets_since_ >= std::chrono::seconds(1)) {
            resets_since_ = at;
            resets_ = 0;
        }
        if (++resets_ > resets_per_second_max) return;
        ngtcp2_cid cid{};
        ngtcp2_cid_init(&cid, ids.dcid, ids.dcidlen);
        std::uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
        reset_token(cid, token);
        std::uint8_t noise[reset_bytes];
        entropy_.fill(noise);
        std::uint8_t out[reset_bytes];
        answer(d, out, ngtcp2_pkt_write_stateless_reset(out, size, token, noise, size - sizeof token));
    }

    void answer(const loop::UdpDatagram& d, const std::uint8_t* bytes, ngtcp2_ssize size)
    {
        if (size <= 0) return;
        const loop::UdpSend send{.to = d.from, .from = d.to, .bytes = BytesView(bytes, static_cast<std::size_t>(size))};
        static_cast<void>(socket->send({&send, 1})); // no room: the client asks again
    }

    PagedMemory memory_; // dies last of what follows
    loop::Loop& loop_;
    const tls::Identity identity_;
    const QuicServeOptions options_;
    port::Entropy& entropy_;
    tls::LinkAcceptor* acceptor_;
    StrayHandler stray_;
    bool accepting_ = true;
    std::array<std::uint8_t, 32> retry_secret_{};
    std::array<std::uint8_t, 32> address_secret_{}; ///< Of tokens for later visits.
    std::shared_ptr<tls::LinkLedger> ledger_;
    std::unordered_map<CidKey, QuicCore*, CidHash> table_;
    std::unordered_map<port::Link*, HalfOpen> half_open_;
    std::vector<std::shared_ptr<QuicCore>> touched_;
    std::vector<std::weak_ptr<QuicCore>> blocked_;
    Instant resets_since_{};
    std::size_t resets_ = 0;
    std::uint64_t retries_ = 0;
};

QuicServer::QuicServer(std::shared_ptr<Endpoint> endpoint) : endpoint_(std::move(endpoint)) {}
QuicServer::~QuicServer()
{
    endpoint_->shut();
}

Result<std::unique_ptr<QuicServer>> QuicServer::open(loop::Loop& loop, const loop::Address& bind,
                                                     const tls::Identity& identity, const QuicServeOptions& options,
                                                     port::Entropy& entropy, tls::LinkAcceptor& acceptor,
                                                     StrayHandler stray)
{
    auto endpoint = std::make_shared<Endpoint>(loop, identity, options, entropy, acceptor, std::move(stray));
    auto socket = loop::UdpSocket::open(loop, bind, *endpoint, options.udp);
    if (!socket) return std::move(socket).error();
    endpoint->socket = std::move(socket).value();
    return std::unique_ptr<QuicServer>(new QuicServer(std::move(endpoint)));
}

const loop::Address& QuicServer::local() const noexcept
{
    return endpoint_->socket->local();
}
void QuicServer::stop_accepting()
{
    endpoint_->stop_accepting();
}
void QuicServer::send_stray(std::span<const loop::UdpSend> datagrams)
{
    static_cast<void>(endpoint_->socket->send(datagrams));
}
std::size_t QuicServer::half_open() const noexcept
{
    return endpoint_->ledger().half_open();
}
std::uint64_t QuicServer::retries() const noexcept
{
    return endpoint_->retries();
}
std::size_t QuicServer::open_links() const noexcept
{
    return endpoint_->ledger().open();
}

} // namespace godwit::quic
