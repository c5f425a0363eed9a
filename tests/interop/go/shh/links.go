// SPDX-License-Identifier: Apache-2.0 OR MIT

package shh

import (
	"bytes"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"

	"sotto.invalid/interop/control"
)

const (
	statusCode   = 0
	messagesCode = 1
)

// PeerInfo describes the other end of a session.
type PeerInfo struct {
	ID      string `json:"id"` // of the network: the enode id in hex, or the libp2p peer id
	Name    string `json:"name"`
	Address string `json:"address"`
	Inbound bool   `json:"inbound"`
	Up      bool   `json:"up"` // the peer's status has come
}

// Links runs the Whisper protocol over connections of any network and counts what crosses them.
type Links struct {
	run        func(*p2p.Peer, p2p.MsgReadWriter) error
	countsWire bool

	mu       sync.Mutex
	live     map[string]*link
	counters map[string]*wireCounters // survive reconnections
}

type link struct {
	info PeerInfo
	peer *p2p.Peer
	rw   p2p.MsgReadWriter
	down chan struct{}
}

type wireCounters struct {
	In, Out direction
}

type direction struct {
	Packets    uint64         `json:"packets"`
	Bytes      uint64         `json:"bytes"`
	Codes      map[uint64]int `json:"codes"`
	Envelopes  uint64         `json:"envelopes"`
	Distinct   int            `json:"distinct"`
	Duplicates uint64         `json:"duplicates"`

	seen map[common.Hash]struct{}
}

// NewLinks wraps a protocol. Without countsWire messages pass unread, for measurements.
func NewLinks(protocol p2p.Protocol, countsWire bool) *Links {
	return &Links{run: protocol.Run, countsWire: countsWire,
		live: map[string]*link{}, counters: map[string]*wireCounters{}}
}

// Run carries one session until it ends; its beginning and end are events.
func (l *Links) Run(info PeerInfo, peer *p2p.Peer, rw p2p.MsgReadWriter) error {
	k := &link{info: info, peer: peer, rw: rw, down: make(chan struct{})}
	l.mu.Lock()
	l.live[info.ID] = k
	if l.counters[info.ID] == nil {
		l.counters[info.ID] = &wireCounters{newDirection(), newDirection()}
	}
	l.mu.Unlock()

	err := l.run(peer, &observer{l, k, l.counters[info.ID]})

	l.mu.Lock()
	if l.live[info.ID] == k {
		delete(l.live, info.ID)
	}
	l.mu.Unlock()
	close(k.down)
	control.Emit("session", map[string]any{"peer": info.ID, "state": "down", "reason": fmt.Sprint(err)})
	return err
}

// Peers lists the sessions that are alive, by id.
func (l *Links) Peers() []PeerInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []PeerInfo{}
	for _, k := range l.live {
		all = append(all, k.info)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	return all
}

// Down returns a channel that closes when the present session with this peer has ended; nil when there is none.
func (l *Links) Down(id string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.live[id]; k != nil {
		return k.down
	}
	return nil
}

func (l *Links) find(id string) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.live[id]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("no session with %q", id)
}

func (l *Links) markUp(k *link) {
	l.mu.Lock()
	first := !k.info.Up
	k.info.Up = true
	l.mu.Unlock()
	if first {
		control.Emit("session", map[string]any{"peer": k.info.ID, "state": "up", "inbound": k.info.Inbound})
	}
}

// observer sits between Whisper and the wire.
type observer struct {
	links    *Links
	link     *link
	counters *wireCounters
}

func (o *observer) ReadMsg() (p2p.Msg, error) {
	msg, err := o.link.rw.ReadMsg()
	if err != nil {
		return msg, err
	}
	if msg.Code == statusCode {
		o.links.markUp(o.link)
	}
	return msg, o.observe(&msg, &o.counters.In)
}

func (o *observer) WriteMsg(msg p2p.Msg) error {
	if err := o.observe(&msg, &o.counters.Out); err != nil {
		return err
	}
	return o.link.rw.WriteMsg(msg)
}

func (o *observer) observe(msg *p2p.Msg, d *direction) error {
	if !o.links.countsWire {
		return nil
	}
	payload, err := io.ReadAll(msg.Payload)
	if err != nil {
		return err
	}
	msg.Payload = bytes.NewReader(payload)
	o.links.mu.Lock()
	defer o.links.mu.Unlock()
	d.add(msg.Code, payload)
	return nil
}

func newDirection() direction {
	return direction{Codes: map[uint64]int{}, seen: map[common.Hash]struct{}{}}
}

func (d *direction) add(code uint64, payload []byte) {
	d.Packets++
	d.Bytes += uint64(len(payload))
	d.Codes[code]++
	if code != messagesCode {
		return
	}
	var envelopes []rlp.RawValue
	if rlp.DecodeBytes(payload, &envelopes) != nil {
		return // Whisper will judge it
	}
	for _, envelope := range envelopes {
		hash := crypto.Keccak256Hash(envelope)
		d.Envelopes++
		if _, known := d.seen[hash]; known {
			d.Duplicates++
		}
		d.seen[hash] = struct{}{}
	}
	d.Distinct = len(d.seen)
}

func (l *Links) count() map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]any{}
	for id, c := range l.counters {
		all[id] = map[string]any{"in": c.In.copied(), "out": c.Out.copied()}
	}
	return all
}

func (d direction) copied() direction {
	codes := map[uint64]int{}
	for code, n := range d.Codes {
		codes[code] = n
	}
	d.Codes, d.seen = codes, nil
	return d
}

func (l *Links) sendRaw(id string, code uint64, payload []byte) error {
	k, err := l.find(id)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		sent <- k.rw.WriteMsg(p2p.Msg{Code: code, Size: uint32(len(payload)), Payload: bytes.NewReader(payload)})
	}()
	select {
	case err := <-sent:
		return err
	case <-time.After(10 * time.Second):
		return fmt.Errorf("the peer has not read for 10 s")
	}
}
