// SPDX-License-Identifier: Apache-2.0 OR MIT

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"

	"sotto.invalid/interop/control"
)

const (
	dataCode = iota
	markCode
	markedCode
	codes
)

// totals is the answer to a mark.
type totals struct{ Messages, Bytes uint64 }

// counting is the protocol that reads and counts.
type counting struct {
	capability p2p.Cap
	sessions   atomic.Uint64 // since the start

	mu   sync.Mutex
	live map[string]*session
}

type session struct {
	rw     p2p.MsgReadWriter
	read   totals
	marked chan totals
}

func newCounting(capability p2p.Cap) *counting {
	return &counting{capability: capability, live: map[string]*session{}}
}

func (c *counting) protocol() p2p.Protocol {
	return p2p.Protocol{Name: c.capability.Name, Version: c.capability.Version, Length: codes, Run: c.run}
}

func (c *counting) run(peer *p2p.Peer, rw p2p.MsgReadWriter) error {
	c.sessions.Add(1)
	s := &session{rw: rw, marked: make(chan totals, 1)}
	id := peer.ID().String()
	c.mu.Lock()
	c.live[id] = s
	c.mu.Unlock()
	control.Emit("session", map[string]any{"peer": id, "state": "up", "inbound": peer.Inbound()})
	err := s.readAll()
	c.mu.Lock()
	delete(c.live, id)
	c.mu.Unlock()
	control.Emit("session", map[string]any{"peer": id, "state": "down", "reason": fmt.Sprint(err)})
	return err
}

func (c *counting) find(id string) (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.live[id]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no session with %q", id)
}

func (s *session) readAll() error {
	for {
		msg, err := s.rw.ReadMsg()
		if err != nil {
			return err
		}
		if err := s.handle(msg); err != nil {
			return err
		}
	}
}

func (s *session) handle(msg p2p.Msg) error {
	switch msg.Code {
	case dataCode:
		s.read.Messages++
		s.read.Bytes += uint64(msg.Size)
		return msg.Discard()
	case markCode:
		if err := msg.Discard(); err != nil {
			return err
		}
		return p2p.Send(s.rw, markedCode, s.read)
	case markedCode:
		var read totals
		if err := msg.Decode(&read); err != nil {
			return err
		}
		select {
		case s.marked <- read:
		default: // nobody asked
		}
		return nil
	default:
		return fmt.Errorf("code %d", msg.Code)
	}
}

func (s *session) send(code uint64, payload []byte) error {
	return s.rw.WriteMsg(p2p.Msg{Code: code, Size: uint32(len(payload)), Payload: bytes.NewReader(payload)})
}

func (s *session) mark(limit time.Duration) (totals, error) {
	if err := p2p.Send(s.rw, markCode, []any{}); err != nil {
		return totals{}, err
	}
	select {
	case read := <-s.marked:
		return read, nil
	case <-time.After(limit):
		return totals{}, fmt.Errorf("no answer to the mark within %s", limit)
	}
}

// payloadOf makes an RLP string of random bytes, `size` in all, so that snappy has nothing to gain.
func payloadOf(size int) ([]byte, error) {
	for body := size; body >= 0; body-- {
		random := make([]byte, body)
		io.ReadFull(rand.Reader, random)
		encoded, err := rlp.EncodeToBytes(random)
		if err != nil || len(encoded) == size {
			return encoded, err
		}
	}
	return nil, fmt.Errorf("no RLP string has %d bytes", size)
}
