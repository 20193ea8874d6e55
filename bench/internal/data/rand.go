package data

import "math/rand/v2"

const (
	base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	hex    = "0123456789abcdef"
)

// source draws the parts of events. It is a PCG with a fixed seed, so a given
// size is the same file on every machine and in every round.
type source struct {
	*rand.Rand
	accounts []string
	assets   []asset
}

type asset struct{ code, issuer string }

func newSource(seed uint64) *source {
	s := &source{Rand: rand.New(rand.NewPCG(seed, 0x666c6f7763))}
	for range 5000 {
		s.accounts = append(s.accounts, s.account())
	}
	for _, code := range []string{"XLM", "USDC", "EURC", "AQUA", "BTC", "ETH", "yUSDC", "SHX", "VELO", "BRLT", "NGNC", "LSP"} {
		s.assets = append(s.assets, asset{code, s.account()})
	}
	return s
}

func (s *source) account() string { return "G" + string(s.letters(nil, base32, 55)) }

func (s *source) letters(b []byte, alphabet string, n int) []byte {
	for range n {
		b = append(b, alphabet[s.IntN(len(alphabet))])
	}
	return b
}

func pick[T any](s *source, from []T) T { return from[s.IntN(len(from))] }
