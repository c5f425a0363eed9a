// SPDX-License-Identifier: Apache-2.0 OR MIT

// Package whisper builds go-ethereum v1.9.18's Whisper, for devp2p and for libp2p.
package whisper

import (
	"github.com/ethereum/go-ethereum/whisper/whisperv6"

	"sotto.invalid/interop/shh"
)

// New is a shh.Build.
func New(minPoW float64) (shh.Core, func() []shh.Envelope) {
	whisper := whisperv6.New(&whisperv6.Config{
		MaxMessageSize: whisperv6.DefaultMaxMessageSize, MinimumAcceptedPOW: minPoW})
	return whisper, func() (all []shh.Envelope) {
		for _, envelope := range whisper.Envelopes() {
			all = append(all, envelope)
		}
		return all
	}
}
