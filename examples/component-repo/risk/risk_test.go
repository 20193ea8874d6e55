package risk

import (
	"slices"
	"testing"
	"time"
)

func TestScorer(t *testing.T) {
	phone := "phone"
	s, err := NewScorer(Config{Home: "DE", Usual: 100, Night: 5 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		in      Payment
		score   int
		reasons []string
	}{
		{"plain", Payment{Merchant: Merchant{Country: "DE"}, Cents: 100, At: day, Device: &phone}, 0, nil},
		{"abroad", Payment{Merchant: Merchant{Country: "FR"}, Cents: 5, At: day, Device: &phone}, 30, []string{"abroad"}},
		{"all", Payment{Merchant: Merchant{Country: "FR"}, Cents: 101, At: day.Add(14 * time.Hour)}, 85, []string{"abroad", "amount", "night", "no device"}},
	} {
		got, err := s.Process(c.in)
		if err != nil || got.Score != c.score || !slices.Equal(got.Reasons, c.reasons) {
			t.Errorf("%s: %d %v, %v", c.name, got.Score, got.Reasons, err)
		}
	}
}

func TestConfig(t *testing.T) {
	if _, err := NewScorer(Config{Home: "DE"}); err == nil {
		t.Error("a usual amount of 0 was accepted")
	}
}
