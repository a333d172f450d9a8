// What a C++ block of the documents has before it.
#include <godwit/client.hpp>
#include <godwit/coroutine.hpp>
#include <godwit/visit.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <poll.h>

using namespace godwit;
