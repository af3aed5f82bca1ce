/** A place in a {@link PathTree}, with the texts that the path has where the template has members. */
export interface FoundPath<Value> {
  readonly value: Value;
  /** Still percent-encoded, in the order of the template. */
  readonly texts: readonly string[];
}

/**
 * Values by path templates as `/products/{id}`.
 *
 * A word of a template goes before a member at the same place, and a member where the word leads nowhere. Paths are compared as they are sent:
 * no trailing slash, no other case, no encoded letter stands for another path.
 */
export class PathTree<Value> {
  readonly #root = new Node<Value>();

  /** The value of a template, made where there is none yet. */
  obtain(template: string, create: () => Value): Value {
    let node = this.#root;
    for (const segment of template.slice(1).split("/")) node = node.obtain(segment);
    node.value ??= create();
    return node.value;
  }

  /** Looks a path up in a URL that begins with a slash; what follows a `?` does not count. */
  find(url: string): FoundPath<Value> | undefined {
    const mark = url.indexOf("?");
    const texts: string[] = [];
    const value = this.#root.find(url, 1, mark < 0 ? url.length : mark, texts);
    return value === undefined ? undefined : { value, texts };
  }
}

class Node<Value> {
  value: Value | undefined = undefined;
  readonly #words = new Map<string, Node<Value>>();
  #member: Node<Value> | undefined = undefined;

  obtain(segment: string): Node<Value> {
    if (segment.startsWith("{")) {
      this.#member ??= new Node();
      return this.#member;
    }
    let node = this.#words.get(segment);
    if (node === undefined) {
      node = new Node();
      this.#words.set(segment, node);
    }
    return node;
  }

  /** The value below here for what `url` has from `from` on. Texts of members are left in `texts`, those of ways that led nowhere are not. */
  find(url: string, from: number, end: number, texts: string[]): Value | undefined {
    if (from > end) return this.value;
    const slash = url.indexOf("/", from);
    const stop = slash < 0 || slash > end ? end : slash;
    const segment = url.slice(from, stop);
    const known = this.#words.get(segment)?.find(url, stop + 1, end, texts);
    if (known !== undefined || this.#member === undefined || segment === "") return known;
    const length = texts.push(segment);
    const found = this.#member.find(url, stop + 1, end, texts);
    if (found === undefined) texts.length = length - 1;
    return found;
  }
}
