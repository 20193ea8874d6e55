package diag

import "unicode/utf8"

// Nearest returns the name that a person who wrote word most likely meant, or
// "" when none is near. The distance is Damerau's (optimal string alignment):
// a swap of two neighbours is one mistake, which plain Levenshtein counts as
// two and so misses `form` for `from`.
func Nearest(word string, names []string) string {
	best, bestDistance := "", max(1, utf8.RuneCountInString(word)/3)+1
	for _, name := range names {
		if name == word {
			continue
		}
		d := distance(fold(word), fold(name))
		if d > 0 && d >= max(utf8.RuneCountInString(word), utf8.RuneCountInString(name)) {
			continue // not a letter in common
		}
		if d < bestDistance || d == bestDistance && best != "" && name < best {
			best, bestDistance = name, d
		}
	}
	return best
}

// fold makes the spellings of one name equal: case, hyphens and underscores.
func fold(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r == '-' {
			r = '_'
		}
		out = append(out, r)
	}
	return out
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours cost one each.
func distance(a, b []rune) int {
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}
