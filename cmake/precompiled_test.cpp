// SPDX-License-Identifier: Apache-2.0 OR MIT
// Only carries the precompiled header of the tests.
