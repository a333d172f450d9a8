// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/rig.hpp"

namespace godwit::relay::test {

crypto::SigningKey signing_key(std::uint64_t number)
{
    return crypto::SigningKey::from_seed(filled<FixedBytes<32, struct SeedTag>>(number).view());
}

wire::DeviceCertificate certificate(const crypto::SigningKey& account, const std::string& user, const DeviceId& device)
{
    wire::DeviceCertificate out;
    out.user = user;
    out.device = device;
    out.device_name = "test";
    return identity::sign_certificate(std::move(out), account.seed());
}

Bytes certify(const crypto::SigningKey& account, const std::string& user, const DeviceId& device)
{
    return wire::encode(certificate(account, user, device));
}

identity::DeviceList list_of(const crypto::SigningKey& account, const std::string& user, std::uint64_t version,
                             const std::vector<DeviceId>& devices)
{
    std::vector<wire::DeviceCertificate> certificates;
    for (const auto& device : devices)
        certificates.push_back(certificate(account, user, device));
    return identity::sign_device_list(user, account.seed(), version, certificates, 1);
}

std::vector<DeviceId> devices_in(const Bytes& list)
{
    std::vector<DeviceId> out;
    const auto decoded = wire::decode_device_list(list);
    REQUIRE(decoded.ok());
    for (const auto& one : decoded->certificates)
        out.push_back(wire::decode_certificate(one).value().device);
    return out;
}

wire::Envelope envelope(std::uint64_t number, std::size_t bytes)
{
    return {filled<MessageId>(number), Bytes(bytes, static_cast<std::uint8_t>(number))};
}

World::World(Config given, std::optional<Store> on)
    : config(std::move(given)), store(on ? *std::move(on) : [] {
          auto opened = Store::open_in_memory();
          REQUIRE(opened.ok());
          return *std::move(opened);
      }())
{
    core = std::make_unique<Core>(config, store, entropy);
}

void World::restart()
{
    store.rollback();
    core = std::make_unique<Core>(config, store, entropy);
    inbox.clear();
    closed.clear();
}

void World::advance(Duration by)
{
    const auto until = now.mono + by;
    const auto wall_until = now.wall_ms + std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    for (int steps = 0; core->deadline() <= until && steps < 1000; ++steps) {
        if (core->deadline() > now.mono) {
            now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(core->deadline() - now.mono).count();
            now.mono = core->deadline();
        }
        core->handle_deadline(now);
        (void)tick();
    }
    now = {until, wall_until};
}

identity::DeviceList World::list(const std::string& user)
{
    const auto account = store.account(user);
    REQUIRE(account);
    auto out = identity::verify_device_list(account->device_list, user, account->account_key);
    REQUIRE(out.ok());
    return *std::move(out);
}

Result<void> World::tick(bool lost)
{
    auto committed = core->commit(now);
    while (auto out = core->next_output()) {
        if (lost) continue;
        CHECK_FALSE(closed.contains(out->link)); // nothing after a close
        if (out->close) {
            closed.insert(out->link);
            continue;
        }
        auto decoded = wire::decode_server_frame(out->frame);
        REQUIRE(decoded.ok()); // what the relay says is always well-formed
        inbox[out->link].push_back(*std::move(decoded));
    }
    return committed;
}

Device::Device(World& w, std::uint64_t number, std::string from)
    : world(&w), key(signing_key(number)), id(key.public_key()), address(std::move(from))
{
}

void Device::connect(const std::string& version)
{
    link = world->next_link++;
    world->core->link_up(link, {id, address + ":4000", address}, world->now);
    world->give(link, frame::Hello{1, 1, version, "test", app});
    (void)world->tick();
}

void Device::connect_as(const std::string& user)
{
    connect();
    REQUIRE(code(frame::Login{user, secret_of(user)}) == ErrorCode::ok);
}

void Device::drop()
{
    world->core->link_down(link, world->now);
    (void)world->tick();
    world->closed.insert(link);
}

void Device::send(frame::RequestBody body)
{
    world->give(link, frame::Request{next_id++, std::move(body)});
}

frame::Response Device::take_response(std::uint64_t request)
{
    auto& frames = world->inbox[link];
    for (auto it = frames.begin(); it != frames.end(); ++it)
        if (auto* const response = std::get_if<frame::Response>(&*it); response != nullptr && response->id == request) {
            auto out = *std::move(response);
            frames.erase(it);
            return out;
        }
    return {request, {ErrorCode::internal, "no response", 0}, {}};
}

frame::Response Device::ask(frame::RequestBody body)
{
    send(std::move(body));
    (void)world->tick();
    return take_response(next_id - 1);
}

LoginSecret secret_of(const std::string& user)
{
    LoginSecret out;
    for (std::size_t i = 0; i < 32; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(user[i % user.size()] + 1);
    return out;
}

frame::RegisterAccount Device::registration(const std::string& user, std::uint64_t account)
{
    const auto account_key = signing_key(account);
    return {user,
            secret_of(user),
            account_key.public_key(),
            {1, 2, 3},
            certify(account_key, user, id),
            list_of(account_key, user, 1, {id}).encoded};
}

void Device::join(const std::string& user, std::uint64_t account)
{
    connect();
    const auto response = ask(registration(user, account));
    REQUIRE(response.error.code == ErrorCode::ok);
    forget_frames();
}

void Device::enter(const std::string& user, std::uint64_t account)
{
    connect();
    const auto half = ask(frame::Login{user, secret_of(user)});
    REQUIRE(half.error.code == ErrorCode::ok);
    REQUIRE(code(addition(user, account, std::get<frame::LoginOk>(half.body).device_list)) == ErrorCode::ok);
}

frame::AddDevice Device::addition(const std::string& user, std::uint64_t account, BytesView known)
{
    const auto account_key = signing_key(account);
    const auto list = identity::verify_device_list(known, user, account_key.public_key());
    REQUIRE(list.ok());
    const auto own = certificate(account_key, user, id);
    const auto next = identity::with_device(*list, own, user, account_key.seed(), 1);
    REQUIRE(next.ok());
    return {user, wire::encode(own), next->encoded};
}

frame::Logout Device::leaving(const std::string& user, std::uint64_t account)
{
    const auto list = world->list(user);
    if (list.devices.size() == 1) return {list.encoded};
    return {identity::without_device(list, id, user, signing_key(account).seed(), 1).encoded};
}

frame::DevicesPut Device::revoking(const std::string& user, std::uint64_t account, const DeviceId& revoked)
{
    return {identity::without_device(world->list(user), revoked, user, signing_key(account).seed(), 1).encoded};
}

void Device::resume()
{
    connect();
    REQUIRE(code(frame::Resume{}) == ErrorCode::ok);
}

ErrorCode Device::put(const Device& to, std::uint64_t number, std::size_t bytes)
{
    const auto response = ask(frame::MailboxPut{{to.id}, envelope(number, bytes)});
    if (response.error.code != ErrorCode::ok) return response.error.code;
    return std::get<frame::MailboxPutOk>(response.body).results.at(0);
}

void Device::acknowledge(std::vector<std::uint64_t> sequences)
{
    world->give(link, frame::MailboxAck{std::move(sequences)});
    (void)world->tick();
}

void befriend(Device& a, const std::string& a_name, Device& b, const std::string& b_name)
{
    REQUIRE(a.code(frame::ContactAdd{b_name}) == ErrorCode::ok);
    REQUIRE(b.code(frame::ContactAccept{a_name}) == ErrorCode::ok);
    a.forget_frames();
    b.forget_frames();
}

} // namespace godwit::relay::test
