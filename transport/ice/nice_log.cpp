// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/nice_log.hpp"

#include <glib.h>

#include <initializer_list>

namespace godwit::ice {
namespace {

thread_local port::Trace* trace_of_this_thread = nullptr;

port::TraceLevel level_of(GLogLevelFlags flags)
{
    if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0) return port::TraceLevel::error;
    if ((flags & G_LOG_LEVEL_WARNING) != 0) return port::TraceLevel::warning;
    return (flags & G_LOG_LEVEL_DEBUG) != 0 ? port::TraceLevel::debug : port::TraceLevel::info;
}

void on_log(const gchar* domain, GLogLevelFlags flags, const gchar* text, gpointer)
{
    if (trace_of_this_thread == nullptr) return g_log_default_handler(domain, flags, text, nullptr);
    trace_of_this_thread->line(level_of(flags), "ice", text != nullptr ? text : "");
}

} // namespace

NiceLog::NiceLog(port::Trace* trace) : before_(trace_of_this_thread)
{
    if (trace == nullptr) return;
    static const bool installed = [] {
        constexpr auto all = static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION);
        for (const char* const domain : {"libnice", "libnice-socket", "libnice-stun"})
            g_log_set_handler(domain, all, on_log, nullptr);
        return true;
    }();
    static_cast<void>(installed);
    trace_of_this_thread = trace;
}

NiceLog::~NiceLog()
{
    trace_of_this_thread = before_;
}

} // namespace godwit::ice
