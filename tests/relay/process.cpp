// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/process.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace godwit::relay::test {
namespace {

/// A safety net for a broken build: a machine with ten other things to do needs some of it.
constexpr int patience_ms = 60'000;

} // namespace

TemporaryDirectory::TemporaryDirectory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "godwit-relay-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

RelayProcess::RelayProcess(std::vector<std::string> arguments)
{
    int out[2], err[2];
    REQUIRE(::pipe(out) == 0);
    REQUIRE(::pipe(err) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::dup2(out[1], 1);
        ::dup2(err[1], 2);
        for (const int fd : {out[0], out[1], err[0], err[1]})
            ::close(fd);
        std::vector<char*> argv;
        std::string program = GODWIT_RELAY;
        argv.push_back(program.data());
        for (auto& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
}

RelayProcess::~RelayProcess()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
}

std::string RelayProcess::line()
{
    for (;;) {
        if (const auto end = buffered_.find('\n'); end != std::string::npos) {
            auto out = buffered_.substr(0, end);
            buffered_.erase(0, end + 1);
            return out;
        }
        pollfd waiting{out_, POLLIN, 0};
        if (::poll(&waiting, 1, patience_ms) != 1) return {};
        char chunk[4096];
        const auto got = ::read(out_, chunk, sizeof chunk);
        if (got <= 0) return {};
        buffered_.append(chunk, static_cast<std::size_t>(got));
    }
}

wire::RelayAddress RelayProcess::ready()
{
    const auto said = line();
    INFO("said: " << said);
    REQUIRE(said.starts_with("ready "));
    auto address = wire::parse_relay_address(said.substr(6));
    REQUIRE(address.ok());
    return *std::move(address);
}

void RelayProcess::signal(int number) const
{
    REQUIRE(::kill(pid_, number) == 0);
}

int RelayProcess::wait()
{
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string RelayProcess::errors()
{
    std::string out;
    char chunk[4096];
    for (;;) {
        const auto got = ::read(err_, chunk, sizeof chunk);
        if (got <= 0) return out;
        out.append(chunk, static_cast<std::size_t>(got));
    }
}

Said run(std::vector<std::string> arguments)
{
    RelayProcess process(std::move(arguments));
    Said out;
    for (auto line = process.line(); !line.empty(); line = process.line())
        out.out += line + "\n";
    out.exit_code = process.wait();
    out.errors = process.errors();
    return out;
}

LiveClient::LiveClient(loop::Loop& loop, const wire::RelayAddress& relay, Over over, std::uint64_t number)
    : key(signing_key(number)), id(key.public_key()), loop_(loop)
{
    const auto identity = tls::Identity::from_seed(tls::Seed(key.seed().data(), 32));
    REQUIRE(identity.ok());
    const auto to = loop::Address::loopback_v4(relay.port);
    tls::DialOptions options;
    options.peer.expected = relay.key;
    if (over == Over::quic)
        link_ = quic::dial(loop, to, *identity, options, entropy_, *this);
    else
        link_ = tls::dial(loop, to, *identity, options, *this);
}

bool LiveClient::is_up()
{
    until([this] { return up_ || down; });
    return up_ && !down;
}

bool LiveClient::until(const std::function<bool()>& condition)
{
    const auto end = loop::Loop::now().mono + std::chrono::milliseconds(patience_ms);
    while (!condition()) {
        const auto now = loop::Loop::now().mono;
        if (now >= end) return false;
        loop_.run_once(end - now);
    }
    return true;
}

void LiveClient::send(const wire::relay::ClientFrame& frame)
{
    REQUIRE(link_->send(wire::encode(frame)));
}

frame::Response LiveClient::ask(frame::RequestBody body)
{
    const auto request = next_id_++;
    send(frame::Request{request, std::move(body)});
    frame::Response out{request, {ErrorCode::timed_out, "", 0}, {}};
    until([&] {
        for (auto it = frames.begin(); it != frames.end(); ++it)
            if (auto* const one = std::get_if<frame::Response>(&*it); one != nullptr && one->id == request) {
                out = std::move(*one);
                frames.erase(it);
                return true;
            }
        return down.has_value();
    });
    return out;
}

ErrorCode LiveClient::put(const DeviceId& to, std::uint64_t number)
{
    const auto response = ask(frame::MailboxPut{{to}, envelope(number)});
    if (response.error.code != ErrorCode::ok) return response.error.code;
    return std::get<frame::MailboxPutOk>(response.body).results.at(0);
}

Bytes LiveClient::certificate(const std::string& user, std::uint64_t account) const
{
    return certify(signing_key(account), user, id);
}

ErrorCode LiveClient::join(const std::string& user, std::uint64_t account)
{
    send(frame::Hello{1, 1, "0.1.0", "test"});
    return code(frame::RegisterAccount{user,
                                       secret_of(user),
                                       signing_key(account).public_key(),
                                       {1},
                                       certificate(user, account),
                                       list_of(signing_key(account), user, 1, {id}).encoded});
}

void LiveClient::link_frame(port::Link&, BytesView bytes)
{
    auto decoded = wire::decode_server_frame(bytes);
    REQUIRE(decoded.ok());
    frames.push_back(*std::move(decoded));
}

} // namespace godwit::relay::test
