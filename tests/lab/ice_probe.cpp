// SPDX-License-Identifier: Apache-2.0
// One ICE session as a program, for the lab: what signalling would carry goes out on stdout and comes in on stdin.
//
//   ice_probe [--controlling] [--stun IP:PORT] [--turn udp|tcp:IP:PORT:USER:PASSWORD]... [--no-direct] [--no-relay]
//             [--loopback] [--attempt-ms N]
//
// Lines out: "description UFRAG PASSWORD", "candidate …", "gathered", "connected KIND KIND LOCAL REMOTE", "pair …" (the
// same words, when it changes), "failed CODE DETAIL", "echo N" (N pings of ours have come back), "refused DETAIL".
// Lines in: the first three, as the other side printed them; "quit".
#include "transport/ice/ice_session.hpp"
#include "transport/loop/loop.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

using namespace godwit;
using namespace godwit::ice;

namespace {

void say(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

[[noreturn]] void usage(const std::string& why)
{
    std::fputs(("ice_probe: " + why + "\n").c_str(), stderr);
    std::exit(2);
}

/// Cuts the next field off `text` at `separator`.
std::string cut(std::string& text, char separator)
{
    const auto end = text.find(separator);
    auto field = text.substr(0, end);
    text = end == std::string::npos ? std::string() : text.substr(end + 1);
    return field;
}

std::uint16_t port_of(const std::string& text)
{
    const long port = std::strtol(text.c_str(), nullptr, 10);
    if (port < 1 || port > 65535) usage("not a port: " + text);
    return static_cast<std::uint16_t>(port);
}

std::string words(const IcePair& pair)
{
    return std::string(kind_name(pair.local)) + " " + std::string(kind_name(pair.remote)) + " " + pair.local_text +
           " " + pair.remote_text;
}

class Probe final : public IceObserver, port::DatagramPathObserver {
public:
    explicit Probe(const IceConfig& config)
    {
        auto opened = runtime_.open(config, *this);
        if (!opened) usage(opened.error().detail);
        session_ = std::move(opened).value();
        session_->path().observe(this);
        reader_ = std::thread([this] { read_lines(); });
    }

    int run()
    {
        say("description " + session_->local_description().ufrag + " " + session_->local_description().password);
        session_->gather();
        loop_.run();
        session_.reset();
        reader_.detach(); // It may wait for a line that never comes; the process ends here.
        return failed_ ? 1 : 0;
    }

    void ice_candidate(IceSession&, const std::string& candidate) override { say(candidate); }
    void ice_gathered(IceSession&) override { say("gathered"); }
    void ice_pair_changed(IceSession&, const IcePair& pair) override { say("pair " + words(pair)); }

    void ice_connected(IceSession&, const IcePair& pair) override
    {
        say("connected " + words(pair));
        ping();
    }

    void ice_failed(IceSession&, const Error& reason) override
    {
        failed_ = true;
        say("failed " + std::string(error_name(reason.code)) + " " + reason.detail);
    }

    void path_datagram(BytesView datagram) override
    {
        const auto text = as_text(datagram);
        if (text == "ping") {
            send("pong");
        } else if (text == "pong") {
            say("echo " + std::to_string(++echoes_));
        }
    }

    void path_failed(const Error&) override {}

private:
    static constexpr Duration ping_every = std::chrono::milliseconds(200);

    void ping()
    {
        send("ping");
        ping_timer_.set(loop::Loop::now().mono + ping_every);
    }

    void send(std::string_view text)
    {
        const BytesView datagram = as_bytes(text);
        static_cast<void>(session_->path().send({&datagram, 1}));
    }

    void read_lines()
    {
        char line[1024];
        while (std::fgets(line, sizeof line, stdin) != nullptr) {
            line[std::strcspn(line, "\n")] = '\0';
            const std::lock_guard hold(lock_);
            lines_.emplace_back(line);
            bell_.notify();
        }
        const std::lock_guard hold(lock_);
        lines_.emplace_back("quit");
        bell_.notify();
    }

    void take_lines()
    {
        std::deque<std::string> lines;
        {
            const std::lock_guard hold(lock_);
            lines.swap(lines_);
        }
        for (auto& line : lines)
            take(line);
    }

    void take(std::string& line)
    {
        Result<void> result;
        if (line == "quit") {
            loop_.stop();
        } else if (line == "gathered") {
            session_->remote_gathering_done();
        } else if (line.starts_with("description ")) {
            cut(line, ' ');
            IceDescription description;
            description.ufrag = cut(line, ' ');
            description.password = line;
            result = session_->set_remote(description);
        } else if (line.starts_with("candidate:")) {
            result = session_->add_remote_candidate(line);
        }
        if (!result) say("refused " + result.error().detail);
    }

    loop::Loop loop_;
    loop::Wakeup bell_{loop_, [this] { take_lines(); }};
    loop::Timer ping_timer_{loop_, [this] { ping(); }};
    IceRuntime runtime_{loop_};
    std::unique_ptr<IceSession> session_;
    std::thread reader_;
    std::mutex lock_;
    std::deque<std::string> lines_;
    int echoes_ = 0;
    bool failed_ = false;
};

} // namespace

int main(int argc, char** argv)
{
    IceConfig config;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        const auto value = [&]() -> std::string {
            if (++i >= argc) usage(option + " needs a value");
            return argv[i];
        };
        if (option == "--controlling") {
            config.controlling = true;
        } else if (option == "--no-direct") {
            config.allow_direct = false;
        } else if (option == "--no-relay") {
            config.allow_relay = false;
        } else if (option == "--loopback") {
            config.loopback_allowed = true;
        } else if (option == "--attempt-ms") {
            config.attempt_max = std::chrono::milliseconds(std::strtol(value().c_str(), nullptr, 10));
        } else if (option == "--stun") {
            auto text = value();
            StunServer server;
            server.address = cut(text, ':');
            server.port = port_of(text);
            config.stun = server;
        } else if (option == "--turn") {
            auto text = value();
            TurnServer server;
            server.transport = cut(text, ':') == "tcp" ? TurnServer::Transport::tcp : TurnServer::Transport::udp;
            server.address = cut(text, ':');
            server.port = port_of(cut(text, ':'));
            const auto colon = text.rfind(':'); // time-limited user names have one themselves
            server.username = text.substr(0, colon);
            server.password = text.substr(colon + 1);
            config.turn.push_back(server);
        } else {
            usage("unknown option " + option);
        }
    }
    Probe probe(config);
    const int status = probe.run();
    std::fflush(stdout);
    std::_Exit(status); // The reader may still wait in fgets.
}
