"""GLSL: one shader paints everything, a second fills the sun's shadow map, a third writes who is where."""

VERTEX = """
#version 330
uniform mat4 view_projection;
uniform mat4 place;
uniform mat4 sun_projection;
in vec3 position; in vec3 normal; in vec3 rest; in vec3 colour; in vec3 second; in vec4 surface;
out vec3 world; out vec3 facing; out vec3 at; out vec3 tint; out vec3 tint2; out vec4 kind; out vec4 in_sun;
void main() {
    vec4 p = place * vec4(position, 1.0);
    world = p.xyz; facing = mat3(place) * normal; at = rest; tint = colour; tint2 = second; kind = surface;
    in_sun = sun_projection * p;
    gl_Position = view_projection * p;
}
"""

SILHOUETTE = """
#version 330
in vec4 kind;
uniform int who;
out uint id;
void main() { if (kind.z < 0.0) discard; id = uint(who); }
"""

SHADOW = """
#version 330
in vec4 kind;
void main() { if (kind.z < 0.0) discard; }
"""

PAINT = """
#version 330
in vec3 world; in vec3 facing; in vec3 at; in vec3 tint; in vec3 tint2; in vec4 kind; in vec4 in_sun;
uniform vec3 eye; uniform vec3 sun_way; uniform vec3 sun_light; uniform vec3 sky_light; uniform vec3 ground_light;
uniform vec3 lamps[3]; uniform vec3 lamp_light; uniform float exposure;
uniform sampler2DShadow shadow_map;
uniform vec3 feet[12]; uniform int people;
out vec4 pixel;

float hash(vec3 p) {
    p = fract(p * 0.3183099 + vec3(0.71, 0.113, 0.419)); p *= 17.0;
    return fract(p.x * p.y * p.z * (p.x + p.y + p.z));
}
float noise(vec3 x) {
    vec3 i = floor(x), f = fract(x); f = f * f * (3.0 - 2.0 * f);
    return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x), mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
               mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x),
                   mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z);
}
float stripe(float x) { float w = fwidth(x) + 0.05; return smoothstep(-w, w, sin(6.2832 * x) * 0.25); }
float cells(vec2 uv, float line) {
    vec2 w = fwidth(uv), d = min(fract(uv), 1.0 - fract(uv));
    vec2 edge = smoothstep(vec2(line) - w, vec2(line) + w, d);
    return mix(edge.x * edge.y, 1.0 - 4.0 * line, clamp(max(w.x, w.y) * 2.0, 0.0, 1.0));
}
vec2 wall_uv(vec3 p, vec3 n) {
    vec3 a = abs(n);
    return a.z > a.x && a.z > a.y ? p.xy : (a.x > a.y ? p.yz : p.xz);
}

vec3 fabric(int k, vec3 base) {
    float s = kind.y;
    if (k == 2) base = mix(base, tint2, stripe(at.z * 14.0 * s));
    if (k == 3) base = mix(base, tint2, stripe(at.x * 20.0 * s));
    if (k == 4) base = mix(mix(base, tint2, 0.5 * stripe(at.z * 11.0 * s) + 0.5 * stripe(at.x * 11.0 * s)), vec3(0.02), 0.0);
    if (k == 5 && at.y < 0.0) {
        vec2 d = (at.xz - vec2(0.0, 1.32)) / vec2(0.10, 0.075);
        float logo = 1.0 - smoothstep(0.8, 1.0, length(d));
        base = mix(base, tint2, logo * step(0.35, noise(at * 70.0)));
    }
    if (k == 7) base = at.z > s ? base : tint2;
    if (k == 8) base = mix(base, tint2, smoothstep(0.5, 0.56, noise(at * 26.0 * s)));
    return base * (0.86 + 0.16 * noise(at * 160.0) + 0.12 * noise(at * 9.0));
}

vec3 stuff(int k, vec3 n) {
    vec3 base = tint;
    if (k == 0) return base * (0.93 + 0.14 * noise(at * 40.0));
    if (k == 6) return base * (0.5 + 0.9 * noise(vec3(at.xy * 90.0, at.z * 12.0)));
    if (k < 20) return fabric(k, base);
    vec2 uv = wall_uv(world, n);
    if (k == 20) {
        vec2 b = uv * vec2(4.2, 12.5); b.x += 0.5 * mod(floor(b.y), 2.0);
        float tone = 0.75 + 0.5 * hash(vec3(floor(b), 3.0));
        float fade = clamp(fwidth(b.y) * 1.6, 0.0, 1.0);
        base = mix(mix(vec3(0.42, 0.40, 0.37), base * tone, cells(b, 0.06)), base * 0.93, fade);
    }
    if (k == 21) {
        vec2 b = uv * vec2(1.6, 1.6); b.x += 0.5 * mod(floor(b.y), 2.0);
        base *= (0.85 + 0.25 * hash(vec3(floor(b), 1.0))) * mix(0.72, 1.0, cells(b, 0.02));
    }
    if (k == 22) base *= 0.9 + 0.12 * noise(world * 3.0);
    if (k == 23) {
        vec3 back = reflect(normalize(world - eye), n);
        return mix(base, vec3(0.35, 0.42, 0.5), 0.25 + 0.3 * clamp(back.z, 0.0, 1.0)) * (0.7 + 0.5 * noise(world * 1.3));
    }
    if (k == 24) base *= 0.55 + 0.5 * noise(world * 22.0) + 0.35 * noise(world * 2.0);
    if (k == 25) {
        vec2 b = uv * 2.0;
        float odd = mod(floor(b.x) + floor(b.y), 2.0);
        base = mix(base, tint2, odd) * mix(0.8, 1.0, cells(b, 0.012));
    }
    if (k == 26) base *= (0.8 + 0.3 * hash(vec3(floor(uv * 9.0), 2.0))) * (0.85 + 0.2 * noise(vec3(world.xy * 6.0, world.z * 60.0)));
    return base * (0.9 + 0.2 * noise(world * 7.0));
}

float lit() {
    vec3 p = in_sun.xyz / in_sun.w * 0.5 + 0.5;
    if (p.x < 0.0 || p.x > 1.0 || p.y < 0.0 || p.y > 1.0) return 1.0;
    float sum = 0.0;
    for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
        sum += texture(shadow_map, vec3(p.xy + vec2(i, j) * 0.0004, p.z - 0.0012));
    return sum * 0.25;
}

void main() {
    if (kind.z < 0.0) discard;
    int k = int(kind.x + 0.5);
    vec3 n = normalize(facing);
    vec3 to_eye = normalize(eye - world);
    if (dot(n, to_eye) < 0.0) n = -n;
    if (k > 0 && k < 20 && k != 6) {
        vec3 fold = vec3(noise(at * vec3(11, 11, 7)), noise(at * vec3(11, 11, 7) + 31.0), noise(at * vec3(9, 9, 13) + 57.0));
        n = normalize(n + (fold - 0.5) * 0.7);
    }
    vec3 base = stuff(k, normalize(facing));
    float sun = max(dot(n, sun_way), 0.0) * lit();
    vec3 light = sun_light * sun + mix(ground_light, sky_light, 0.5 + 0.5 * n.z);
    for (int i = 0; i < 3; i++) {
        vec3 way = lamps[i] - world;
        float far2 = dot(way, way);
        light += lamp_light * (0.25 + 0.75 * max(dot(n, way) * inversesqrt(far2), 0.0)) / (1.0 + 0.12 * far2);
    }
    if (k >= 20) for (int i = 0; i < people; i++) {
        vec3 away = world - feet[i];
        light *= 1.0 - 0.55 * exp(-dot(away.xy, away.xy) * 9.0) * exp(-abs(away.z) * 4.0);
    }
    float shine = kind.w * pow(max(dot(n, normalize(sun_way + to_eye)), 0.0), 24.0) * sun;
    vec3 linear_rgb = (base * light + shine * sun_light) * exposure;
    linear_rgb = linear_rgb / (1.0 + 0.22 * linear_rgb) * 1.1;
    pixel = vec4(pow(clamp(linear_rgb, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
"""
