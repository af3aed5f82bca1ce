import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { cookieText, readCookie } from "./cookies.ts";

describe("a cookie that is read", () => {
  const read = (cookie: string | undefined) => readCookie({ headers: { cookie } } as FastifyRequest, "name");

  it.each([
    ["name=a=b; name=c", "a=b"],
    ["surname=1;name = 2 ;", "2"],
    ["name; =x; name=%7E", "%7E"],
    ['__proto__=1; name="a b"', '"a b"'],
    ["name=voil\u00c3\u00a0", "voil\u00e0"],
    ["name=; name=2", undefined],
    ["Name=1; other", undefined],
    [undefined, undefined],
  ])("of %j is %j", (header, value) => {
    expect(read(header)).toBe(value);
  });

  it("is UTF-8; others need not be", () => {
    expect(read("other=\u00e9; name=a")).toBe("a");
    expect(() => read("name=\u00e9")).toThrow("The header cookie is not UTF-8.");
  });
});

describe("a cookie that is set", () => {
  const options = { path: "/auth", maxAgeSeconds: 60, isSecure: false };

  it("is out of reach of scripts and of other sites", () => {
    expect(cookieText("name", "a.b~c+/=-_", options)).toBe("name=a.b~c+/=-_; Max-Age=60; Path=/auth; HttpOnly; SameSite=Strict");
    expect(cookieText("name", "", { ...options, maxAgeSeconds: 0 })).toBe("name=; Max-Age=0; Path=/auth; HttpOnly; SameSite=Strict");
    expect(
      cookieText("name", "a", { ...options, isSecure: true })
        .split("; ")
        .sort(),
    ).toEqual(["HttpOnly", "Max-Age=60", "Path=/auth", "SameSite=Strict", "Secure", "name=a"]);
  });

  it.each(["a;b", "a b", "a,b", "a\n", "%3B", '"', "\u00e9"])("has no value that could end it, and no error shows the value: %j", (value) => {
    expect(() => cookieText("name", value, options)).toThrow(new TypeError("the value of the cookie name has characters that a cookie may not have"));
  });

  it.each([
    ["a name with a space", "a name", options],
    ["a path with an attribute of its own", "name", { ...options, path: "/; Domain=test" }],
    ["parts of a second, which browsers ignore", "name", { ...options, maxAgeSeconds: 59.5 }],
  ])("is refused with %s", (_what, name, wrong) => {
    expect(() => cookieText(name, "a", wrong)).toThrow(TypeError);
  });
});
