// SPDX-License-Identifier: Apache-2.0 OR MIT

package shh

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"sotto.invalid/interop/control"
)

// go-ethereum sends everything that is new to a peer as one packet every 300 ms and the other end hangs up on a packet
// above 1 MiB. Posting at most half of it in that time leaves room for a tick that comes late.
const (
	tick          = 300 * time.Millisecond
	bytesPerTick  = 512 << 10
	sealedMinimum = 0 // an envelope for a file is sealed by what its command asks, never refused
)

// Peer is a Whisper with its links and the commands to drive it.
type Peer struct {
	build Build
	node  *node
	Links *Links

	mu      sync.Mutex
	filters map[string]*filterCounters
}

type filterCounters struct {
	Received   uint64 `json:"received"`
	Duplicates uint64 `json:"duplicates"`

	seen map[string]struct{}
}

// NewPeer starts a Whisper. countsWire: see NewLinks.
func NewPeer(build Build, minPoW float64, countsWire bool) (*Peer, error) {
	n, err := start(build, minPoW)
	if err != nil {
		return nil, err
	}
	return &Peer{build: build, node: n, Links: NewLinks(n.core.Protocols()[0], countsWire),
		filters: map[string]*filterCounters{}}, nil
}

// Commands are those that both networks share.
func (p *Peer) Commands() control.Commands {
	return control.Commands{
		"peers":      func(control.Args) (any, error) { return p.Links.Peers(), nil },
		"addSymKey":  control.Decode(p.addSymKey),
		"newKeyPair": control.Decode(p.newKeyPair),
		"subscribe":  p.subscribe,
		"post":       func(args control.Args) (any, error) { return p.node.post(args, nil) },
		"postMany":   p.postMany,
		"sealed":     p.sealed,
		"setMinPow":  control.Decode(p.setMinPow),
		"setBloom":   control.Decode(p.setBloom),
		"envelopes":  p.envelopes,
		"counters":   p.counters,
		"raw":        control.Decode(p.raw),
		"trust":      control.Decode(p.trust),
		"rpc":        control.Decode(p.rpc),
	}
}

type symKeyArgs struct{ Password, Hex string }

func (p *Peer) addSymKey(args symKeyArgs) (any, error) { return p.node.addSymKey(args) }

func (n *node) addSymKey(args symKeyArgs) (string, error) {
	if args.Hex != "" {
		return n.text("shh_addSymKey", args.Hex)
	}
	return n.text("shh_generateSymKeyFromPassword", args.Password)
}

func (p *Peer) newKeyPair(args struct{ Hex string }) (any, error) {
	var id string
	var err error
	if args.Hex != "" {
		id, err = p.node.text("shh_addPrivateKey", args.Hex)
	} else {
		id, err = p.node.text("shh_newKeyPair")
	}
	if err != nil {
		return nil, err
	}
	public, err := p.node.text("shh_getPublicKey", id)
	return map[string]string{"id": id, "publicKey": public}, err
}

func (p *Peer) subscribe(criteria control.Args) (any, error) {
	messages := make(chan map[string]any, 1024)
	subscription, err := p.node.rpc.Subscribe(context.Background(), "shh", messages, "messages", criteria)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	filter := fmt.Sprintf("f%d", len(p.filters))
	p.filters[filter] = &filterCounters{seen: map[string]struct{}{}}
	p.mu.Unlock()
	go func() {
		for {
			select {
			case message := <-messages:
				p.deliver(filter, message)
			case err := <-subscription.Err():
				control.Emit("subscriptionEnded", map[string]any{"filter": filter, "reason": fmt.Sprint(err)})
				return
			}
		}
	}()
	return filter, nil
}

func (p *Peer) deliver(filter string, message map[string]any) {
	hash, _ := message["hash"].(string)
	p.mu.Lock()
	counters := p.filters[filter]
	counters.Received++
	if _, known := counters.seen[hash]; known {
		counters.Duplicates++
	}
	counters.seen[hash] = struct{}{}
	p.mu.Unlock()
	message["filter"] = filter
	delete(message, "padding") // random bytes that no test reads, most of the line
	control.Emit("message", message)
}

// post seals and sends what shh_post takes, with defaults for what a test need not care about.
func (n *node) post(args control.Args, payload []byte) (string, error) {
	fields := map[string]any{"ttl": 60, "powTime": 10, "powTarget": 0.01}
	if err := json.Unmarshal(args, &fields); err != nil {
		return "", err
	}
	if payload != nil {
		fields["payload"] = hexutil.Encode(payload)
	}
	return n.text("shh_post", fields)
}

type manyArgs struct {
	Count   int
	Payload hexutil.Bytes
}

// postMany posts payloads that end in a counter of 4 bytes, big endian, and returns the hashes in order.
func (p *Peer) postMany(args control.Args) (any, error) {
	var many manyArgs
	if err := json.Unmarshal(args, &many); err != nil {
		return nil, err
	}
	hashes := make([]string, many.Count)
	began, posted := time.Now(), 0
	for i := range hashes {
		hash, err := p.node.post(args, many.nth(i))
		if err != nil {
			return nil, fmt.Errorf("after %d: %w", i, err)
		}
		hashes[i] = hash
		posted += len(many.Payload) + 512 // with padding, header and list
		time.Sleep(time.Until(began.Add(tick * time.Duration(posted/bytesPerTick))))
	}
	return hashes, nil
}

func (m manyArgs) nth(i int) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{}, m.Payload...), uint32(i))
}

// sealed writes `count` envelopes to `file`, one RLP item after another, without sending any; `password` or `hex` is the key.
func (p *Peer) sealed(args control.Args) (any, error) {
	var where struct {
		manyArgs
		symKeyArgs
		File string
	}
	if err := json.Unmarshal(args, &where); err != nil {
		return nil, err
	}
	sealer, err := start(p.build, sealedMinimum)
	if err != nil {
		return nil, err
	}
	defer func() { go sealer.core.Stop() }() // it waits 10 s for the tolerance of its minimum to end
	key, err := sealer.addSymKey(where.symKeyArgs)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(args, &fields); err != nil {
		return nil, err
	}
	fields["symKeyID"] = key
	withKey, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	for i := range where.Count {
		if _, err := sealer.post(withKey, where.nth(i)); err != nil {
			return nil, fmt.Errorf("after %d: %w", i, err)
		}
	}
	return sealer.save(where.File)
}

func (n *node) save(path string) (any, error) {
	pool, err := n.encoded()
	if err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	out, bytes := bufio.NewWriter(file), 0
	for _, envelope := range pool {
		bytes += len(envelope)
		out.Write(envelope)
	}
	return map[string]int{"count": len(pool), "bytes": bytes}, errors.Join(out.Flush(), file.Close())
}

func (p *Peer) setMinPow(args struct{ Pow float64 }) (any, error) {
	return p.node.call("shh_setMinPoW", args.Pow)
}

func (p *Peer) setBloom(args struct{ Bloom string }) (any, error) {
	return p.node.call("shh_setBloomFilter", args.Bloom)
}

func (p *Peer) envelopes(control.Args) (any, error) {
	pool, err := p.node.encoded()
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for hash, envelope := range pool {
		all[hash.Hex()] = hexutil.Encode(envelope)
	}
	return all, nil
}

func (p *Peer) counters(control.Args) (any, error) {
	p.mu.Lock()
	filters := map[string]filterCounters{}
	for id, c := range p.filters {
		filters[id] = *c
	}
	p.mu.Unlock()
	return map[string]any{"filters": filters, "wire": p.Links.count()}, nil
}

type rawArgs struct {
	Peer    string
	Code    uint64
	Payload hexutil.Bytes
}

func (p *Peer) raw(args rawArgs) (any, error) {
	return true, p.Links.sendRaw(args.Peer, args.Code, args.Payload)
}

func (p *Peer) trust(args struct{ Peer string }) (any, error) {
	k, err := p.Links.find(args.Peer)
	if err != nil {
		return nil, err
	}
	return true, p.node.core.AllowP2PMessagesFromPeer(k.peer.ID().Bytes())
}

type rpcArgs struct {
	Method string
	Params []any
}

func (p *Peer) rpc(args rpcArgs) (any, error) { return p.node.call(args.Method, args.Params...) }
