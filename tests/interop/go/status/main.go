// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command statuspeer is Status's Whisper v1.6.2 on the p2p.Server it was made for.
package main

import (
	"github.com/status-im/whisper/whisperv6"

	"sotto.invalid/interop/shh"
)

func main() {
	shh.DevP2PMain("statuspeer/v1.6.2", func(minPoW float64) (shh.Core, func() []shh.Envelope) {
		whisper := whisperv6.New(&whisperv6.Config{
			MaxMessageSize: whisperv6.DefaultMaxMessageSize, MinimumAcceptedPOW: minPoW})
		return whisper, func() (all []shh.Envelope) {
			for _, envelope := range whisper.Envelopes() {
				all = append(all, envelope)
			}
			return all
		}
	})
}
