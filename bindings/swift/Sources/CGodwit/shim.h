/* SPDX-License-Identifier: Apache-2.0 */
#include <godwit/godwit.h>
