// SPDX-License-Identifier: Apache-2.0 OR MIT

// Command statuspeer is Status's Whisper v1.6.2 on the p2p.Server it was made for.
package main

import (
	"flag"

	"github.com/status-im/whisper/whisperv6"

	"sotto.invalid/interop/control"
	"sotto.invalid/interop/shh"
)

func main() {
	events := flag.Bool("events", false, "tell what Whisper tells its clients")
	perSecond := flag.Int64("packets-per-second", 0, "taken from one peer, the rest has to wait; 0: any number")
	shh.DevP2PMain("statuspeer/v1.6.2", func(minPoW float64) (shh.Core, func() []shh.Envelope) {
		whisper := whisperv6.New(&whisperv6.Config{
			MaxMessageSize: whisperv6.DefaultMaxMessageSize, MinimumAcceptedPOW: minPoW})
		if *events {
			go tell(whisper)
		}
		if *perSecond > 0 {
			whisper.SetRateLimiter(whisperv6.NewPeerRateLimiter(whisperv6.MetricsRateLimiterHandler{},
				&whisperv6.PeerRateLimiterConfig{LimitPerSecIP: *perSecond, LimitPerSecPeerID: *perSecond}))
		}
		return whisper, func() (all []shh.Envelope) {
			for _, envelope := range whisper.Envelopes() {
				all = append(all, envelope)
			}
			return all
		}
	})
}

// tell passes on what the peer confirmed, refused and answered.
func tell(whisper *whisperv6.Whisper) {
	events := make(chan whisperv6.EnvelopeEvent, 1024)
	subscription := whisper.SubscribeEnvelopeEvents(events)
	defer subscription.Unsubscribe()
	for event := range events {
		fields := map[string]any{"name": event.Event, "hash": event.Hash, "batch": event.Batch, "peer": event.Peer.String()}
		switch data := event.Data.(type) {
		case []whisperv6.EnvelopeError:
			fields["errors"] = data
		case *whisperv6.MailServerResponse:
			if data.Error != nil {
				fields["error"] = data.Error.Error()
			}
		}
		control.Emit("envelope", fields)
	}
}
