// SPDX-License-Identifier: Apache-2.0 OR MIT
// Asio's own sources, once (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
