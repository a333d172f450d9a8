// SPDX-License-Identifier: Apache-2.0
// A real relay for one test, gone when it ends.
#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace godwit::test {

class RelayProcess {
public:
    RelayProcess(const std::string& program, const std::string& folder)
    {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::execl(program.c_str(), program.c_str(), "--data", folder.c_str(), "--listen", "127.0.0.1:0", nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        output_ = ::fdopen(ends[0], "r");
        char line[512];
        while (address_.empty() && std::fgets(line, sizeof line, output_) != nullptr) {
            const std::string said = line;
            if (said.rfind("ready ", 0) == 0) address_ = said.substr(6, said.find_first_of(" \n", 6) - 6);
        }
        REQUIRE(!address_.empty());
    }
    ~RelayProcess()
    {
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
        std::fclose(output_);
    }
    RelayProcess(const RelayProcess&) = delete;
    RelayProcess& operator=(const RelayProcess&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }

private:
    pid_t process_ = -1;
    std::FILE* output_ = nullptr;
    std::string address_;
};

} // namespace godwit::test
