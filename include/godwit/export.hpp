// SPDX-License-Identifier: Apache-2.0
// GODWIT_API: what a shared godwit shows of its C++ face.
#pragma once

#if defined(_WIN32)
#define GODWIT_API __declspec(dllexport)
#else
#define GODWIT_API __attribute__((visibility("default")))
#endif
