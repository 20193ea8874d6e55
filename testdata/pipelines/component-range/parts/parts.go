// Package parts has sources that can read a part of what they have.
package parts

import (
	"context"
	"errors"
	"io"
	"slices"
)

// A Number is what Count gives.
type Number struct {
	N    int `json:"n"`
	Tens int `json:"tens"`
}

// Count counts to a hundred.
type Count struct{ next, end int }

// Range bounds it.
func (c *Count) Range(_ context.Context, from, to *int) error {
	c.next, c.end = 0, 100
	if from != nil {
		c.next = *from
	}
	if to != nil {
		c.end = *to
	}
	return nil
}

// Cut divides the numbers.
func (c *Count) Cut(_ context.Context, n int) ([]int, error) {
	var ends []int
	for i := range n + 1 {
		ends = append(ends, c.next+(c.end-c.next)*i/n)
	}
	return ends, nil
}

// Seek goes to a number.
func (c *Count) Seek(_ context.Context, at int) error {
	c.next = at
	return nil
}

// Read gives the next three numbers.
func (c *Count) Read(context.Context) (out []Number, next int, err error) {
	for range 3 {
		if c.next < c.end {
			out = append(out, Number{c.next, c.next / 10})
			c.next++
		}
	}
	if len(out) == 0 {
		err = io.EOF
	}
	return out, c.next, err
}

// Config is what NewBook takes.
type Config struct {
	Pages []string
}

// A Page is what a Book gives.
type Page struct {
	Title string `json:"title"`
}

// A Book has pages in the order of their titles.
type Book struct {
	pages []string
	end   string
	open  bool
}

// NewBook makes a book.
func NewBook(c Config) (*Book, error) {
	if len(c.Pages) == 0 {
		return nil, errors.New("an empty book")
	}
	return &Book{pages: c.Pages}, nil
}

// Range bounds it.
func (b *Book) Range(ctx context.Context, from, to *string) error {
	if to != nil {
		b.end = *to
	}
	if from != nil {
		return b.Seek(ctx, *from)
	}
	return nil
}

// Seek goes to a title.
func (b *Book) Seek(_ context.Context, at string) error {
	i, _ := slices.BinarySearch(b.pages, at)
	b.pages = b.pages[i:]
	return nil
}

// Open opens the book.
func (b *Book) Open(context.Context) error {
	b.open = true
	return nil
}

// Read gives one page, and the title behind it.
func (b *Book) Read(context.Context) ([]*Page, string, error) {
	switch {
	case !b.open:
		return nil, "", errors.New("the book is not open")
	case len(b.pages) == 0 || b.end != "" && b.pages[0] >= b.end:
		return nil, "", io.EOF
	}
	page := &Page{b.pages[0]}
	b.pages = b.pages[1:]
	if len(b.pages) == 0 {
		return []*Page{page}, page.Title + "\x00", nil
	}
	return []*Page{page}, b.pages[0], nil
}
