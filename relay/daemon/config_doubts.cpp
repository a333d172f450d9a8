// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/config_doubts.hpp"

#include "transport/loop/sockaddr.hpp"

#include <cerrno>
#include <filesystem>
#include <sys/socket.h>
#include <unistd.h>

namespace godwit::relay {
namespace {

/// A port of it is to be had; what else may be wrong is said by whoever needs it.
bool is_here(const loop::Address& address)
{
    sockaddr_storage at{};
    const auto size = loop::to_sockaddr(address, false, at);
    const int fd = ::socket(address.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return true;
    const int done = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size);
    const int why = errno;
    ::close(fd);
    return done == 0 || why != EADDRNOTAVAIL;
}

void reached_by_others(std::vector<std::string>& out, const char* key, const std::optional<loop::Address>& at,
                       const char* what)
{
    if (at && !at->is_loopback())
        out.push_back(std::string(key) + " " + at->text() + " is reached by other machines: " + what);
}

} // namespace

std::vector<std::string> config_doubts(const DaemonConfig& config)
{
    std::vector<std::string> out;
    reached_by_others(out, "admin.listen", config.admin.listen,
                      "tokens go there in plain HTTP, so listen on loopback and put a proxy with TLS in front");
    reached_by_others(out, "metrics.listen", config.operations.metrics.listen,
                      "whoever reaches it reads the figures, in plain HTTP");
    if (const auto folder = std::filesystem::path(config.operations.log.file).parent_path(); !folder.empty()) {
        std::error_code fault;
        if (!std::filesystem::is_directory(folder, fault))
            out.push_back("log.file: there is no " + folder.string() + " now, and without it the relay does not start");
    }
    if (!config.turn_server) return out;
    const auto not_here = [&](const char* key, const std::optional<loop::Address>& address, const char* instead) {
        if (!address || is_here(*address)) return;
        out.push_back(std::string("turn_server.") + key + " " + loop::split_host_port(address->text())->host +
                      " is no address of this machine now: no allocation can be made on it" + instead);
    };
    not_here("address_v4", config.turn_server->address_v4,
             ". Behind a NAT it is this machine's own address, and the public one is external_v4");
    not_here("address_v6", config.turn_server->address_v6, "");
    return out;
}

} // namespace godwit::relay
