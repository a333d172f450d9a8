// SPDX-License-Identifier: Apache-2.0
#include "bench/relay/user.hpp"

#include "lib/identity/device_list.hpp"

#include <algorithm>
#include <stdexcept>

namespace bench {

using namespace godwit;

namespace {

crypto::SigningKey key_of(std::uint64_t number, std::uint8_t what)
{
    Bytes seed(32, what);
    for (std::size_t i = 0; i < 8; ++i)
        seed[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return crypto::SigningKey::from_seed(seed);
}

} // namespace

std::unique_ptr<port::Link> dial(const Relayed& at, BytesView seed, bool over_tls, port::LinkObserver& observer,
                                 std::shared_ptr<quic::AddressTokens> tokens)
{
    const auto identity = tls::Identity::from_seed(tls::Seed(seed.data(), 32));
    if (!identity.ok()) throw std::runtime_error(identity.error().detail);
    tls::DialOptions options;
    options.peer.expected = at.relay.key;
    options.link.idle_max = std::chrono::seconds(120);
    options.link.acknowledge_at_once = true; // as clients do
    const auto to = loop::Address::loopback_v4(at.relay.port);
    return over_tls ? tls::dial(at.loop, to, *identity, options, observer)
                    : quic::dial(at.loop, to, *identity, options, at.entropy, observer, std::move(tokens));
}

User::User(Relayed& at, std::uint64_t number, bool over_tls)
    : at_(at), number_(number), over_tls_(over_tls), key_(key_of(number, 0xd0)),
      acknowledge_(at.loop, [this] { acknowledge(); })
{
}

void User::come(bool registers, std::function<void(User&, bool)> entered)
{
    registers_ = registers;
    entered_ = std::move(entered);
    state_ = State::coming;
    link_ = dial(at_, key_.seed(), over_tls_, *this, tokens_);
}

void User::leave()
{
    if (link_) link_->close();
    link_.reset();
    state_ = State::away;
    puts_.clear();
    asked_.clear();
    arrived_.clear();
}

bool User::put(std::size_t bytes, const std::vector<DeviceId>& to)
{
    const auto request = ++last_request_;
    wire::Envelope envelope;
    for (std::size_t i = 0; i < 8; ++i) {
        envelope.id.bytes[i] = static_cast<std::uint8_t>(request >> (8 * i));
        envelope.id.bytes[8 + i] = static_cast<std::uint8_t>(number_ >> (8 * i));
    }
    envelope.sealed.assign(bytes, static_cast<std::uint8_t>(request));
    const auto encoded =
        wire::encode(frame::ClientFrame(frame::Request{request, frame::MailboxPut{to, std::move(envelope)}}));
    if (!link_ || !link_->send(encoded)) return false;
    puts_.emplace_back(request, loop::Loop::now().mono);
    return true;
}

void User::ask(frame::RequestBody what, std::function<void(ErrorCode)> answered)
{
    const auto request = ++last_request_;
    asked_.emplace(request, std::move(answered));
    say(frame::Request{request, std::move(what)});
}

void User::acknowledge()
{
    if (!arrived_.empty()) say(frame::MailboxAck{std::exchange(arrived_, {})});
}

frame::RegisterAccount User::registration() const
{
    const auto account = key_of(number_, 0xac);
    frame::RegisterAccount out;
    out.user = name();
    out.login_secret.bytes.fill(1);
    out.account_key = account.public_key();
    out.vault = {1};
    wire::DeviceCertificate certificate;
    certificate.user = out.user;
    certificate.device = key_.public_key();
    certificate.device_name = "load";
    certificate = identity::sign_certificate(std::move(certificate), account.seed());
    out.certificate = wire::encode(certificate);
    out.device_list = identity::sign_device_list(out.user, account.seed(), 1, {certificate}, 1).encoded;
    return out;
}

void User::link_up(port::Link&)
{
    frame::Hello hello;
    hello.client_version = "99.0.0";
    hello.platform = "load";
    say(hello);
    if (registers_)
        say(frame::Request{++last_request_, registration()});
    else
        say(frame::Request{++last_request_, frame::Resume{}});
}

void User::link_frame(port::Link&, BytesView bytes)
{
    const auto decoded = wire::decode_server_frame(bytes);
    if (!decoded.ok()) return fail(decoded.error().detail);
    if (const auto* const mail = std::get_if<frame::MailboxDeliver>(&*decoded)) {
        arrived_.push_back(mail->sequence);
        acknowledge_.set(Instant{});
        if (on_mail) on_mail(*this);
        return;
    }
    if (const auto* const goodbye = std::get_if<frame::Goodbye>(&*decoded)) return fail(goodbye->what.detail);
    const auto* const response = std::get_if<frame::Response>(&*decoded);
    if (response == nullptr) return;
    if (state_ == State::coming) {
        if (response->error.code != ErrorCode::ok) return fail(response->error.detail);
        state_ = State::in;
        if (entered_) std::exchange(entered_, nullptr)(*this, true);
        return;
    }
    if (auto asked = asked_.extract(response->id)) return asked.mapped()(response->error.code);
    const auto found =
        std::find_if(puts_.begin(), puts_.end(), [&](const auto& one) { return one.first == response->id; });
    if (found == puts_.end()) return;
    const auto took = loop::Loop::now().mono - found->second;
    puts_.erase(found);
    const auto* const put = std::get_if<frame::MailboxPutOk>(&response->body);
    if (put == nullptr) return fail("a put was refused: " + response->error.detail);
    for (const auto code : put->results)
        if (code != ErrorCode::ok) return fail("a put was refused: " + std::string(error_name(code)));
    if (on_put) on_put(*this, took);
}

void User::say(const frame::ClientFrame& what)
{
    if (link_ && !link_->send(wire::encode(what))) fail("the relay takes nothing");
}

void User::fail(std::string why)
{
    if (state_ == State::failed || state_ == State::away) return;
    state_ = State::failed;
    why_ = std::move(why);
    if (entered_) std::exchange(entered_, nullptr)(*this, false);
}

} // namespace bench
