// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"sotto.invalid/interop/control"
)

// load makes connections in number against a server that is measured, and counts those that come in.
type load struct {
	inbound atomic.Uint64

	mu   sync.Mutex
	idle []host.Host
}

type loadArgs struct {
	Addr     string
	Count    int
	Parallel int // at a time; 1 when 0
}

func loadCommands(h host.Host) control.Commands {
	l := &load{}
	h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, conn network.Conn) {
		if conn.Stat().Direction == network.DirInbound {
			l.inbound.Add(1)
		}
	}})
	return control.Commands{
		"handshakes": control.Decode(l.handshakes),
		"idle":       control.Decode(l.holdIdle),
		"release":    func(control.Args) (any, error) { return l.release(), nil },
		"accepted":   func(control.Args) (any, error) { return l.inbound.Load(), nil },
	}
}

// handshakes dials, upgrades to Noise and yamux, and closes, with a fresh identity each time and without a host, so that
// the dialling end costs as little as it can.
func (l *load) handshakes(args loadArgs) (any, error) {
	to, err := peer.AddrInfoFromString(args.Addr)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	err = spread(args, func() error { return handshake(to) })
	return map[string]any{"count": args.Count, "seconds": time.Since(began).Seconds()}, err
}

func handshake(to *peer.AddrInfo) error {
	transport, err := newTransport()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	conn, err := transport.Dial(ctx, to.Addrs[0], to.ID)
	if err != nil {
		return err
	}
	return conn.Close()
}

func newTransport() (*tcp.TcpTransport, error) {
	private, _, err := crypto.GenerateKeyPair(crypto.Ed25519, 0)
	if err != nil {
		return nil, err
	}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	security, err := noise.New(noise.ID, private, muxers)
	if err != nil {
		return nil, err
	}
	up, err := upgrader.New([]sec.SecureTransport{security}, muxers, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	return tcp.NewTCPTransport(up, nil, nil)
}

// holdIdle opens connections from whole hosts, identify included, and keeps them until "release".
func (l *load) holdIdle(args loadArgs) (any, error) {
	to, err := peer.AddrInfoFromString(args.Addr)
	if err != nil {
		return nil, err
	}
	err = spread(args, func() error { return l.hold(*to) })
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.idle), err
}

func (l *load) hold(to peer.AddrInfo) error {
	private, _, err := crypto.GenerateKeyPair(crypto.Ed25519, 0)
	if err != nil {
		return err
	}
	h, err := newHost(private, libp2p.NoListenAddrs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	if err := h.Connect(ctx, to); err != nil {
		return errors.Join(err, h.Close())
	}
	l.mu.Lock()
	l.idle = append(l.idle, h)
	l.mu.Unlock()
	return nil
}

func (l *load) release() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	closed := len(l.idle)
	for _, h := range l.idle {
		h.Close()
	}
	l.idle = nil
	return closed
}

// spread runs Count times in Parallel, and stops at the first error.
func spread(args loadArgs, run func() error) error {
	var next atomic.Int64
	failed := make(chan error, 1)
	var all sync.WaitGroup
	for range max(1, args.Parallel) {
		all.Go(func() {
			for n := next.Add(1); n <= int64(args.Count) && len(failed) == 0; n = next.Add(1) {
				if err := run(); err != nil {
					select {
					case failed <- fmt.Errorf("the %d-th: %w", n, err):
					default:
					}
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
