// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command gethpeer is go-ethereum v1.9.18's Whisper on its p2p.Server.
package main

import (
	"sotto.invalid/interop/geth/whisper"
	"sotto.invalid/interop/shh"
)

func main() { shh.DevP2PMain("gethpeer/v1.9.18", whisper.New) }
