// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/living.hpp"

#include "lib/assembly/life.hpp"

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace godwit::assembly {

namespace {

/// How long the end of a process waits, all in all, for clients that something of the program's holds up.
constexpr std::chrono::seconds patience{10};

class Living {
public:
    static Living& instance()
    {
        static Living* const living = make(); // outlives whoever closes a client while the process ends
        return *living;
    }
    void add(Life& life)
    {
        const std::lock_guard lock(mutex_);
        if (ended_)
            life.process_ends(std::chrono::steady_clock::now() + patience);
        else
            lives_.push_back(&life);
    }
    void remove(Life& life) noexcept
    {
        const std::lock_guard lock(mutex_);
        std::erase(lives_, &life);
    }
    [[nodiscard]] bool ended() noexcept
    {
        const std::lock_guard lock(mutex_);
        return ended_;
    }

private:
    static Living* make()
    {
        auto* const living = new Living;
#if !defined(_WIN32)
        // The child of a fork has none of the threads: it has nothing to end.
        (void)::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                               [] {
                                   instance().lives_.clear();
                                   instance().mutex_.unlock();
                               });
#endif
        (void)std::atexit([] { instance().end(); });
        return living;
    }
    void end()
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        const auto until = std::chrono::steady_clock::now() + patience;
        for (auto* const life : lives_)
            life->process_ends(until);
        lives_.clear();
    }

    std::mutex mutex_;
    std::vector<Life*> lives_;
    bool ended_ = false;
};

} // namespace

void live(Life& life)
{
    Living::instance().add(life);
}

void live_no_more(Life& life) noexcept
{
    Living::instance().remove(life);
}

bool process_ends() noexcept
{
    return Living::instance().ended();
}

} // namespace godwit::assembly
