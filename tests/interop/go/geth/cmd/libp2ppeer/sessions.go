// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"sotto.invalid/interop/control"
	"sotto.invalid/interop/shh"
)

const (
	shhProtocol   = "/shh/6.0"
	listenerWaits = 5 * time.Second // for the dialler's stream before the listener opens one
	redialPause   = time.Second
	dialTimeout   = 10 * time.Second
)

// sessions keeps one Whisper stream per peer, whoever opened it.
type sessions struct {
	host  host.Host
	links *shh.Links

	mu     sync.Mutex
	live   map[peer.ID]*session
	wanted map[peer.ID]context.CancelFunc
}

type session struct {
	stream network.Stream
	opener peer.ID
}

func newSessions(h host.Host, links *shh.Links) *sessions {
	s := &sessions{host: h, links: links, live: map[peer.ID]*session{}, wanted: map[peer.ID]context.CancelFunc{}}
	h.SetStreamHandler(shhProtocol, func(stream network.Stream) { s.carry(stream, stream.Conn().RemotePeer()) })
	h.Network().Notify(&network.NotifyBundle{ConnectedF: s.openLate})
	return s
}

// openLate runs on every connection: where the dialler does not open the stream, the listener does.
func (s *sessions) openLate(_ network.Network, conn network.Conn) {
	if conn.Stat().Direction != network.DirInbound {
		return
	}
	time.AfterFunc(listenerWaits, func() {
		if !conn.IsClosed() && !s.has(conn.RemotePeer()) {
			s.open(conn.RemotePeer()) // a peer without Whisper refuses, which is no failure
		}
	})
}

func (s *sessions) has(id peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[id] != nil
}

func (s *sessions) open(id peer.ID) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	stream, err := s.host.NewStream(ctx, id, shhProtocol)
	if err != nil {
		return err
	}
	go s.carry(stream, s.host.ID())
	return nil
}

// carry runs Whisper on a stream until it ends. Of two streams the one opened by the smaller peer id stays.
func (s *sessions) carry(stream network.Stream, opener peer.ID) {
	id := stream.Conn().RemotePeer()
	mine := &session{stream, opener}
	s.mu.Lock()
	old := s.live[id]
	if old != nil && old.opener < opener {
		s.mu.Unlock()
		stream.Reset()
		return
	}
	s.live[id] = mine
	s.mu.Unlock()
	if old != nil {
		old.stream.Reset()
	}

	info := shh.PeerInfo{ID: id.String(), Name: s.agent(id), Address: stream.Conn().RemoteMultiaddr().String(),
		Inbound: stream.Conn().Stat().Direction == network.DirInbound}
	node := enode.ID(crypto.Keccak256Hash([]byte(id)))
	s.links.Run(info, p2p.NewPeer(node, info.Name, nil), newMessageStream(stream))
	stream.Reset()

	s.mu.Lock()
	if s.live[id] == mine {
		delete(s.live, id)
	}
	s.mu.Unlock()
}

func (s *sessions) agent(id peer.ID) string {
	name, err := s.host.Peerstore().Get(id, "AgentVersion")
	if err != nil {
		return ""
	}
	return fmt.Sprint(name)
}

func (s *sessions) dial(to peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	if network, ok := s.host.Network().(*swarm.Swarm); ok {
		network.Backoff().Clear(to.ID) // a test that redials means it
	}
	if err := s.host.Connect(ctx, to); err != nil {
		return err
	}
	if s.has(to.ID) {
		return nil
	}
	return s.open(to.ID)
}

func (s *sessions) keep(ctx context.Context, to peer.AddrInfo) {
	for {
		if !s.has(to.ID) {
			s.dial(to)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(redialPause):
		}
	}
}

type connectArgs struct {
	Addr string
	Keep bool // redial whenever there is no session
}

func (s *sessions) commands() control.Commands {
	return control.Commands{"connect": control.Decode(s.connect), "disconnect": control.Decode(s.disconnect)}
}

func (s *sessions) connect(args connectArgs) (any, error) {
	to, err := peer.AddrInfoFromString(args.Addr)
	if err != nil {
		return nil, err
	}
	if !args.Keep {
		return to.ID.String(), s.dial(*to)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	if stop := s.wanted[to.ID]; stop != nil {
		stop()
	}
	s.wanted[to.ID] = cancel
	s.mu.Unlock()
	go s.keep(ctx, *to)
	return to.ID.String(), nil
}

func (s *sessions) disconnect(args connectArgs) (any, error) {
	to, err := peer.AddrInfoFromString(args.Addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if stop := s.wanted[to.ID]; stop != nil {
		stop()
		delete(s.wanted, to.ID)
	}
	s.mu.Unlock()
	return to.ID.String(), s.host.Network().ClosePeer(to.ID)
}
