// SPDX-License-Identifier: Apache-2.0
// Programs that end by exit() with clients open end well, whatever those are doing: forked off here, because each is a
// process of its own. This one uses nothing of godwit.
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <godwit/client.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace godwit::test;

namespace {

/// Its password is stretched, for a good while, before anything is dialled.
constexpr const char* login =
    R"({"do":"login","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA","user":"ann","password":"long enough"})";

/// The homes that nobody is to have any more when the program comes to what it has registered before it used godwit.
std::vector<std::string> to_be_free;

bool registered = false;

void look_at_homes()
{
    for (const auto& home : to_be_free) {
        const auto options = options_for(home);
        if (taken(godwit_check(&options, nullptr)).empty()) std::_Exit(1);
    }
}

/// How a program ends that does this and then exits with `fine`.
constexpr int fine = 42;
template <class Work>
int end_of(Work work)
{
    std::fflush(nullptr); // or the child writes it, too
    const auto child = ::fork();
    if (child == 0) {
        ::alarm(120);                                                     // where it would wait for ever
        to_be_free.clear();                                               // of a parent: that one has it
        if (!std::exchange(registered, true)) std::atexit(look_at_homes); // before godwit, which a child inherits
        work();
        std::exit(fine); // NOLINT: that is what is tried
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Never closed: a program that was not written with care.
godwit_client* left_open(const std::string& home)
{
    to_be_free.push_back(home);
    const auto options = options_for(home);
    return godwit_open(&options, nullptr);
}

} // namespace

TEST_CASE("exit with clients open: just opened, stretching a password, suspended, driven by the host, of C and of C++")
{
    for (int round = 0; round < 2; ++round) {
        const TemporaryFolder folder;
        CHECK(end_of([&] { (void)left_open(folder / "just opened"); }) == fine);
        CHECK(end_of([&] {
                  auto* const client = left_open(folder / "stretches");
                  (void)ask(client, login);
                  if (round % 2 == 1) { // by then the password is in the pool, or about to be
                      (void)ask(client, R"({"do":"status"})");
                      (void)next(client);
                  }
              }) == fine);
        CHECK(end_of([&] {
                  auto* const client = left_open(folder / "suspended");
                  (void)godwit_suspend(client, round % 2 == 0 ? -1 : 0);
              }) == fine);
        CHECK(end_of([&] {
                  const std::string home = folder / "driven";
                  auto options = options_for(home);
                  options.driven_by_host = 1;
                  auto* const client = godwit_open(&options, nullptr);
                  to_be_free.push_back(home);
                  (void)ask(client, login);
                  (void)godwit_run_once(client, 0);
              }) == fine);
        CHECK(end_of([&] {
                  auto opened = godwit::Client::open({.home = folder / "typed"});
                  to_be_free.push_back(folder / "typed");
                  (void)ask(left_open(folder / "beside it"), login);
                  (void)(*opened)->submit(godwit::request::Status{});
                  (void)opened->release();
              }) == fine);
    }
}

TEST_CASE("exit: a client that a static object closes later, and one that a child of a fork has of its parent")
{
    const TemporaryFolder folder;
    CHECK(end_of([&] {
              static CHandle late; // its destructor is registered before godwit's
              late.reset(left_open(folder / "home"));
              (void)ask(late.get(), login);
          }) == fine);
    CHECK(end_of([&] {
              auto* const client = left_open(folder / "home");
              if (end_of([&] { (void)ask(client, login); }) != fine) std::_Exit(1); // it opens none: docs/faq.md
          }) == fine);
}

TEST_CASE("exit out of a hook does not wait for the hook")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    const auto leave = [](void*, int, const char*, const char*) { std::exit(fine); }; // NOLINT: that is what is tried
    // On godwit's thread what it stands on goes under it, as before; driven by the host there is none.
    CHECK(
        end_of([&] {
            auto options = options_for(home);
            options.driven_by_host = 1;
            options.trace = leave;
            auto* const client = godwit_open(&options, nullptr);
            (void)ask(
                client,
                R"({"do":"device_link_code","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"})");
            for (int turns = 0; turns < 1000; ++turns)
                (void)godwit_run_once(client, 10);
            std::_Exit(1);
        }) == fine);
}

TEST_CASE("exit while a hook holds the client up is late, and no hang")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    CHECK(end_of([&] {
              auto options = options_for(home);
              options.provide_key = [](void* context, std::uint8_t* key) {
                  auto& opened = *static_cast<bool*>(context);
                  if (std::exchange(opened, true)) std::exit(fine); // NOLINT: inside godwit_resume
                  std::fill_n(key, 32, std::uint8_t{7});
                  return 0;
              };
              bool opened = false;
              options.key_context = &opened;
              auto* const client = godwit_open(&options, nullptr);
              (void)godwit_suspend(client, -1);
              (void)godwit_resume(client, nullptr);
              std::_Exit(1);
          }) == fine);
}
