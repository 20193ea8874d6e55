package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// partName is the name of a file while it is written to be published as a whole.
func partName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
}

// noteName is the name of the note beside a file (see note.go).
func noteName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".begun")
}

// closedName is the name of the n-th file that was rotated: path-000001.ndjson.
func closedName(path string, n int) string {
	stem, ext := splitExt(path)
	return fmt.Sprintf("%s-%06d%s", stem, n, ext)
}

// wholeName is the name of the n-th file that was rotated, until it may be published
// (see rotate.go).
func wholeName(path string, n int) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(closedName(path, n))+".whole")
}

// splitExt splits off the extension, that of a compression included.
func splitExt(path string) (stem, ext string) {
	ext = filepath.Ext(path)
	stem = strings.TrimSuffix(path, ext)
	if compression("", ext) != plain {
		inner := filepath.Ext(stem)
		return strings.TrimSuffix(stem, inner), inner + ext
	}
	return stem, ext
}

// closedNumbers are the numbers of the rotated files of a path, in order.
func closedNumbers(path string) ([]int, error) { return numbersOf(path, closedName) }

// wholeNumbers are the numbers of the rotated files that were not published yet.
func wholeNumbers(path string) ([]int, error) { return numbersOf(path, wholeName) }

// numbersOf are the numbers of the files that are there and have a name of a form.
func numbersOf(path string, form func(path string, n int) string) ([]int, error) {
	begin, end, _ := strings.Cut(filepath.Base(form(path, 1)), "000001")
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), begin)
		if !ok {
			continue
		}
		digits, ok = strings.CutSuffix(digits, end)
		n, err := strconv.Atoi(digits)
		if ok && err == nil && n > 0 && form(path, n) == filepath.Join(filepath.Dir(path), e.Name()) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// checkPath refuses a path made of record values that leads out of where the
// pipeline writes. literal is what stands before the first value, as far as it is
// known; the rest is a record's and must stay below it.
func checkPath(path, literal string, known bool) error {
	if path == "" {
		return errors.New("the path that the record gives is empty")
	}
	rest := path
	if known {
		rest = strings.TrimPrefix(path, literal)
		if dir := strings.LastIndexAny(literal, `/\`); dir < len(literal)-1 {
			// The first value ends a name that the pipeline begins: logs/day-${…}.
			rest = literal[dir+1:] + rest
		}
	}
	local := rest
	if !known {
		local = strings.TrimLeft(rest[len(filepath.VolumeName(rest)):], `/`)
	} else if literal != "" && strings.HasPrefix(rest, "/") {
		local = strings.TrimLeft(rest, "/") // out//etc is below out
	}
	if strings.ContainsRune(path, 0) || !filepath.IsLocal(local) || strings.HasSuffix(rest, "/") || climbs(local) {
		return fmt.Errorf("the path %q that the record gives is no file below its folder", path)
	}
	return nil
}

// climbs tells whether an element of a path is "..", on any system.
func climbs(path string) bool {
	return slices.Contains(strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }), "..")
}

// makeDir makes the folder of a file and makes it durable.
func makeDir(dir string) error {
	var made []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || filepath.Dir(d) == d {
			break
		}
		made = append(made, filepath.Dir(d))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, parent := range made {
		if err := syncDir(parent); err != nil {
			return err
		}
	}
	return nil
}
