package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Data that nobody of this project has made: the data sets of npm's
// vega-datasets, which testdata/realdata/fetch.sh brings. `flowc infer` types
// them, a pipeline with these types filters, maps and routes them whole, and the
// results are compared with those of jq.

// A realCase is one of them.
type realCase struct {
	file  string
	flags []string // of infer
	// processors come behind the types and the source as infer prints them; in
	// them SOURCE is the source's name.
	processors string
	// sinks are the nodes to write, and jq's program for the same records. Rows
	// of CSV are objects of strings to jq.
	sinks map[string]string
}

var realCases = []realCase{
	{
		file: "flights-20k.json",
		processors: `
  brief: {from: SOURCE, map: {from: in.Origin, to: in.Destination, delay: in.Delay, there_and_back: in.Distance * 2}}
  split: {from: brief, route: {late: in.Delay >= 60, early: in.Delay < 0, rest: else}}`,
		sinks: map[string]string{
			"split.late":  `.[] | select(.delay >= 60) | {from: .origin, to: .destination, delay, there_and_back: (.distance * 2)}`,
			"split.early": `.[] | select(.delay < 0) | {from: .origin, to: .destination, delay, there_and_back: (.distance * 2)}`,
			"split.rest":  `.[] | select(.delay >= 0 and .delay < 60) | {from: .origin, to: .destination, delay, there_and_back: (.distance * 2)}`,
		},
	},
	{
		file: "flights-200k.json",
		processors: `
  far: {from: SOURCE, filter: in.Distance > 2000 && in.Time < 6.5}
  minutes: {from: far, map: {delay: in.Delay, minutes: in.Time * 60}}`,
		sinks: map[string]string{
			"far":     `.[] | select(.distance > 2000 and .time < 6.5)`,
			"minutes": `.[] | select(.distance > 2000 and .time < 6.5) | {delay, minutes: (.time * 60)}`,
		},
	},
	{
		file: "earthquakes.json",
		processors: `
  quakes: {from: SOURCE, flatmap: in.Features}
  strong: {from: quakes, filter: in.Properties.Mag >= 2.5}
  brief:
    from: strong
    map:
      id: in.ID
      mag: in.Properties.Mag
      place: in.Properties.Place
      at: in.Properties.Time
      felt: or(in.Properties.Felt, 0)
      alert: in.Properties.Alert
      depth: in.Geometry.Coordinates[2]
  split: {from: brief, route: {deep: in.Depth > 70, shallow: else}}`,
		sinks: map[string]string{
			"strong":        `.features[] | select(.properties.mag >= 2.5)`,
			"split.deep":    `.features[] | select(.properties.mag >= 2.5 and .geometry.coordinates[2] > 70) | {id} + (.properties | {mag, place, at: .time, felt: (.felt // 0), alert}) + {depth: .geometry.coordinates[2]}`,
			"split.shallow": `.features[] | select(.properties.mag >= 2.5 and .geometry.coordinates[2] <= 70) | {id} + (.properties | {mag, place, at: .time, felt: (.felt // 0), alert}) + {depth: .geometry.coordinates[2]}`,
		},
	},
	{
		file: "weather.csv",
		processors: `
  seattle: {from: SOURCE, filter: in.Location == "Seattle"}
  split: {from: seattle, route: {wet: in.Weather == "rain" || in.Weather == "snow", warm: in.TempMax >= 25, rest: else}, drop: [rest]}
  ranges: {from: split.warm, map: {day: 'in.Date[:10]', range: in.TempMax - in.TempMin, calm: in.Wind < 3}}`,
		sinks: map[string]string{
			"split.wet": `select(.location == "Seattle" and (.weather == "rain" or .weather == "snow")) | ` + numbersOf("precipitation", "temp_max", "temp_min", "wind"),
			"ranges": `select(.location == "Seattle" and .weather != "rain" and .weather != "snow" and (.temp_max | tonumber) >= 25)
				| {day: .date[0:10], range: ((.temp_max | tonumber) - (.temp_min | tonumber)), calm: ((.wind | tonumber) < 3)}`,
		},
	},
	{
		file: "stocks.csv",
		processors: `
  dear: {from: SOURCE, filter: in.Price > 100}
  split: {from: dear, route: {apple: in.Symbol == "AAPL", google: in.Symbol == "GOOG", rest: else}}
  years: {from: split.google, map: {year: 'strings.Fields(in.Date)[2]', half: in.Price / 2}}`,
		sinks: map[string]string{
			"split.apple": `select((.price | tonumber) > 100 and .symbol == "AAPL") | ` + numbersOf("price"),
			"split.rest":  `select((.price | tonumber) > 100 and .symbol != "AAPL" and .symbol != "GOOG") | ` + numbersOf("price"),
			"years":       `select((.price | tonumber) > 100 and .symbol == "GOOG") | {year: (.date | split(" ")[2]), half: ((.price | tonumber) / 2)}`,
		},
	},
	{
		file: "sp500-2000.csv",
		processors: `
  busy: {from: SOURCE, filter: in.Volume > 5_000_000_000 && in.Close > in.Open}
  gain: {from: busy, map: {date: in.Date, gain: in.Close - in.Open, volume: in.Volume}}`,
		sinks: map[string]string{
			"gain": `select((.volume | tonumber) > 5000000000 and (.close | tonumber) > (.open | tonumber)) | {date, gain: ((.close | tonumber) - (.open | tonumber)), volume: (.volume | tonumber)}`,
		},
	},
	{
		file: "birdstrikes.csv",
		processors: `
  large: {from: SOURCE, filter: 'in.WildlifeSize == "Large" && or(in.SpeedIASInKnots, 0) >= 150'}
  costs: {from: large, map: {airport: in.AirportName, cost: in.CostTotal, speed: in.SpeedIASInKnots}}`,
		sinks: map[string]string{
			"costs": `select(.["Wildlife Size"] == "Large" and .["Speed IAS in knots"] != "" and (.["Speed IAS in knots"] | tonumber) >= 150)
				| {airport: .["Airport Name"], cost: (.["Cost Total $"] | tonumber), speed: (.["Speed IAS in knots"] | tonumber)}`,
		},
	},
	{
		file: "unemployment.tsv",
		processors: `
  high: {from: SOURCE, filter: 'strings.HasPrefix(in.Rate, ".2")'}`,
		sinks: map[string]string{"high": `select(.rate | startswith(".2")) | ` + numbersOf("id")},
	},
	{
		file: "movies.json",
		processors: `
  good: {from: SOURCE, filter: 'or(in.IMDBRating, 0) >= 8 && or(in.IMDBVotes, 0) > 10_000'}
  brief: {from: good, map: {title: in.Title, director: in.Director, us: in.USGross, world: in.WorldwideGross}}`,
		sinks: map[string]string{
			"good":  `.[] | select(.["IMDB Rating"] != null and .["IMDB Rating"] >= 8 and .["IMDB Votes"] > 10000)`,
			"brief": `.[] | select(.["IMDB Rating"] != null and .["IMDB Rating"] >= 8 and .["IMDB Votes"] > 10000) | {title: .Title, director: .Director, us: .["US Gross"], world: .["Worldwide Gross"]}`,
		},
	},
	{
		file: "football.json",
		processors: `
  played: {from: SOURCE, filter: in.HomeScore != nil && in.AwayScore != nil}
  split:
    from: played
    route: {home: '*in.HomeScore > *in.AwayScore', away: '*in.HomeScore < *in.AwayScore', draw: else}
    drop: [away]`,
		sinks: map[string]string{
			"split.home": `.[] | select(.home_score != null and .away_score != null and .home_score > .away_score)`,
			"split.draw": `.[] | select(.home_score != null and .away_score != null and .home_score == .away_score)`,
		},
	},
	{
		file: "unemployment-across-industries.json",
		processors: `
  year: {from: SOURCE, filter: in.Date.UTC().Year() == 2005 && in.Rate > 8}
  brief: {from: year, map: {series: in.Series, at: in.Date, rate: in.Rate}}`,
		sinks: map[string]string{"brief": `.[] | select(.date[0:4] == "2005" and .rate > 8) | {series, at: .date, rate}`},
	},
	{
		file:  "penguins.json",
		flags: []string{"--by", "Species"},
		processors: `
  heavy: {from: SOURCE.Gentoo, filter: 'or(in.BodyMassG, 0) > 5000'}
  all: {from: [SOURCE.Adelie], filter: in.Island != "Dream"}`,
		sinks: map[string]string{
			"heavy":            `.[] | select(.Species == "Gentoo" and .["Body Mass (g)"] != null and .["Body Mass (g)"] > 5000)`,
			"all":              `.[] | select(.Species == "Adelie" and .Island != "Dream")`,
			"SOURCE.Chinstrap": `.[] | select(.Species == "Chinstrap")`,
		},
	},
	{
		file:  "cars.json",
		flags: []string{"--enums", "--floats"},
		processors: `
  japan: {from: SOURCE, filter: in.Origin == "Japan" && in.MilesPerGallon != nil}
  brief: {from: japan, map: {name: in.Name, km: '*in.MilesPerGallon * 1.609344'}}`,
		sinks: map[string]string{"brief": `.[] | select(.Origin == "Japan" and .Miles_per_Gallon != null) | {name: .Name, km: (.Miles_per_Gallon * 1.609344)}`},
	},
}

// numbersOf makes numbers of cells, for jq.
func numbersOf(columns ...string) string {
	var out []string
	for _, c := range columns {
		out = append(out, fmt.Sprintf(".%s |= tonumber", c))
	}
	return strings.Join(out, " | ")
}

// realData is a folder with the data, and the programs that work on them.
type realData struct {
	folder, flowc string
	env           []string
}

func newRealData(t *testing.T) *realData {
	t.Helper()
	folder := os.Getenv("FLOWC_REALDATA")
	if folder == "" {
		t.Skip("FLOWC_REALDATA names no folder of data: FLOWC_REALDATA=$(bash testdata/realdata/fetch.sh) go test -run TestRealData ./cmd/flowc")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		t.Fatal("jq is missing, which the results are compared with (Debian: apt-get install jq)")
	}
	r := &realData{folder: folder, flowc: filepath.Join(t.TempDir(), "flowc")}
	if out, err := exec.Command("go", "build", "-o", r.flowc, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.env = append(os.Environ(), "FLOWC_CACHE="+t.TempDir(), "FLOWC_STATE="+t.TempDir(), "GOPROXY=off")
	return r
}

// output runs a program in a folder and returns what it writes.
func (r *realData) output(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, r.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// infer returns the types and the source of a file as blocks of a pipeline, and
// the source's name.
func (r *realData) infer(t *testing.T, dir, file string, flags ...string) (types, source, name string) {
	t.Helper()
	if err := os.Symlink(filepath.Join(r.folder, file), filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
	text := string(r.output(t, dir, r.flowc, append([]string{"infer", file}, flags...)...))
	types, source, ok := strings.Cut(text, "\n# sources:\n")
	if !ok {
		t.Fatalf("no source in\n%s", text)
	}
	source = strings.ReplaceAll("\n"+source, "\n# ", "\n")
	name, _, _ = strings.Cut(strings.TrimSpace(source), ":")
	_, types, _ = strings.Cut(types, "types:\n")
	return types, source, name
}

// run runs a pipeline in dir.
func (r *realData) run(t *testing.T, dir, pipeline string) {
	t.Helper()
	path := filepath.Join(dir, "pipeline.yaml")
	if err := os.WriteFile(path, []byte(pipeline), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(r.flowc, "run", path, "--log-level", "error")
	cmd.Dir, cmd.Env = dir, r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, pipeline)
	}
}

func TestRealData(t *testing.T) {
	r := newRealData(t)
	for _, c := range realCases {
		t.Run(c.file, func(t *testing.T) {
			dir := t.TempDir()
			types, source, name := r.infer(t, dir, c.file, c.flags...)
			pipeline := "pipeline: real\ntypes:\n" + types + "sources:\n" + source + "processors:" + c.processors + "\nsinks:\n"
			ports := slices.Sorted(maps.Keys(c.sinks))
			for i, port := range ports {
				pipeline += fmt.Sprintf("  out%d: {from: %s, use: file, config: {path: out%d.ndjson}}\n", i, port, i)
			}
			r.run(t, dir, strings.ReplaceAll(pipeline, "SOURCE", name))
			for i, port := range ports {
				got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("out%d.ndjson", i)))
				if err != nil {
					t.Fatal(err)
				}
				want := r.jq(t, c.file, c.sinks[port])
				sameRecords(t, port, got, want)
			}
		})
	}
}

// jq runs a program over a file.
func (r *realData) jq(t *testing.T, file, program string) []byte {
	t.Helper()
	args := []string{"-c", program}
	if delimiter := map[string]string{".csv": ",", ".tsv": "\t"}[filepath.Ext(file)]; delimiter != "" {
		rows := fmt.Sprintf(`[inputs | rtrimstr("\r") | select(. != "") | split(%q)] | .[0] as $h | .[1:][] | . as $c | reduce range($h | length) as $i ({}; .[$h[$i]] = $c[$i])`, delimiter)
		args = []string{"-ncR", rows + " | " + program}
	}
	return r.output(t, r.folder, "jq", append(args, file)...)
}

// records are the values of a stream of JSON.
func records(t *testing.T, data []byte) []any {
	t.Helper()
	var out []any
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var v any
		switch err := d.Decode(&v); err {
		case nil:
			out = append(out, v)
		case io.EOF:
			return out
		default:
			t.Fatal(err)
		}
	}
}

// sameRecords compares records in their order. There must be some: a result that
// is empty says nothing.
func sameRecords(t *testing.T, what string, got, want []byte) {
	t.Helper()
	a, b := records(t, got), records(t, want)
	if len(a) != len(b) || len(b) == 0 {
		t.Errorf("%s: %d records, want %d", what, len(a), len(b))
		return
	}
	for i := range b {
		if d := valueDifference(a[i], b[i]); d != "" {
			t.Errorf("%s: record %d%s", what, i+1, d)
			return
		}
	}
}

// valueDifference is where two values first mean something else, and what; "" where
// they do not. jq computes with float64, null says the same as a missing member,
// and a time may be spelled in two ways.
func valueDifference(a, b any) string {
	same := false
	switch b := b.(type) {
	case float64:
		x, ok := a.(float64)
		same = ok && math.Abs(x-b) <= 1e-9*math.Max(1, math.Abs(b))
	case string:
		s, ok := a.(string)
		same = ok && s == b
		if ok && !same {
			x, err1 := time.Parse(time.RFC3339, s)
			y, err2 := time.Parse(time.RFC3339, b)
			same = err1 == nil && err2 == nil && x.Equal(y)
		}
	case []any:
		list, ok := a.([]any)
		if same = ok && len(list) == len(b); !same {
			break
		}
		for i := range b {
			if d := valueDifference(list[i], b[i]); d != "" {
				return fmt.Sprintf("[%d]%s", i, d)
			}
		}
	case map[string]any:
		object, ok := a.(map[string]any)
		if same = ok; !same {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if d := valueDifference(object[name], b[name]); d != "" {
				return "." + name + d
			}
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, there := b[name]; !there && object[name] != nil {
				return "." + name + " is there, and should not be"
			}
		}
	default:
		same = a == b
	}
	if same {
		return ""
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return fmt.Sprintf(" is %.200s, want %.200s", x, y)
}
