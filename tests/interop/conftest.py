# SPDX-License-Identifier: Apache-2.0 OR MIT
from support.js import js_peers, start_js  # noqa: F401
