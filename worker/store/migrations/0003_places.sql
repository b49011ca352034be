-- SPDX-License-Identifier: Apache-2.0
--
-- The provinces of Viet Nam and the days between which each was one: 63 until 2025-06-30, 34 since.
-- Codes are those of ISO 3166-2, names and mergers those of Resolution 202/2025/QH15; Thừa Thiên Huế became
-- the city of Huế on 2025-01-01. entity.code refers to this table.

CREATE TABLE newsloom.place (
    code         text NOT NULL,
    name         text NOT NULL,
    valid_from   date NOT NULL,
    valid_to     date NOT NULL CHECK (valid_to >= valid_from),
    merged_into  text,
    PRIMARY KEY (code, valid_from)
);
COMMENT ON TABLE newsloom.place IS 'Provinces of Viet Nam with the days between which each was one: 63 until 2025-06-30, 34 since.';
COMMENT ON COLUMN newsloom.place.code IS 'ISO 3166-2, as in entity.code.';
COMMENT ON COLUMN newsloom.place.name IS 'Its name in those days.';
COMMENT ON COLUMN newsloom.place.valid_from IS 'First day; -infinity: since before this table looks.';
COMMENT ON COLUMN newsloom.place.valid_to IS 'Last day; infinity: still.';
COMMENT ON COLUMN newsloom.place.merged_into IS 'Code of the unit that took its place.';

INSERT INTO newsloom.place (code, name, valid_from, valid_to, merged_into) VALUES
    ('VN-01', 'Lai Châu', '-infinity', 'infinity', NULL),
    ('VN-02', 'Lào Cai', '-infinity', 'infinity', NULL),
    ('VN-03', 'Hà Giang', '-infinity', '2025-06-30', 'VN-07'),
    ('VN-04', 'Cao Bằng', '-infinity', 'infinity', NULL),
    ('VN-05', 'Sơn La', '-infinity', 'infinity', NULL),
    ('VN-06', 'Yên Bái', '-infinity', '2025-06-30', 'VN-02'),
    ('VN-07', 'Tuyên Quang', '-infinity', 'infinity', NULL),
    ('VN-09', 'Lạng Sơn', '-infinity', 'infinity', NULL),
    ('VN-13', 'Quảng Ninh', '-infinity', 'infinity', NULL),
    ('VN-14', 'Hòa Bình', '-infinity', '2025-06-30', 'VN-68'),
    ('VN-18', 'Ninh Bình', '-infinity', 'infinity', NULL),
    ('VN-20', 'Thái Bình', '-infinity', '2025-06-30', 'VN-66'),
    ('VN-21', 'Thanh Hóa', '-infinity', 'infinity', NULL),
    ('VN-22', 'Nghệ An', '-infinity', 'infinity', NULL),
    ('VN-23', 'Hà Tĩnh', '-infinity', 'infinity', NULL),
    ('VN-24', 'Quảng Bình', '-infinity', '2025-06-30', 'VN-25'),
    ('VN-25', 'Quảng Trị', '-infinity', 'infinity', NULL),
    ('VN-26', 'Huế', '2025-01-01', 'infinity', NULL),
    ('VN-26', 'Thừa Thiên Huế', '-infinity', '2024-12-31', 'VN-26'),
    ('VN-27', 'Quảng Nam', '-infinity', '2025-06-30', 'VN-DN'),
    ('VN-28', 'Kon Tum', '-infinity', '2025-06-30', 'VN-29'),
    ('VN-29', 'Quảng Ngãi', '-infinity', 'infinity', NULL),
    ('VN-30', 'Gia Lai', '-infinity', 'infinity', NULL),
    ('VN-31', 'Bình Định', '-infinity', '2025-06-30', 'VN-30'),
    ('VN-32', 'Phú Yên', '-infinity', '2025-06-30', 'VN-33'),
    ('VN-33', 'Đắk Lắk', '-infinity', 'infinity', NULL),
    ('VN-34', 'Khánh Hòa', '-infinity', 'infinity', NULL),
    ('VN-35', 'Lâm Đồng', '-infinity', 'infinity', NULL),
    ('VN-36', 'Ninh Thuận', '-infinity', '2025-06-30', 'VN-34'),
    ('VN-37', 'Tây Ninh', '-infinity', 'infinity', NULL),
    ('VN-39', 'Đồng Nai', '-infinity', 'infinity', NULL),
    ('VN-40', 'Bình Thuận', '-infinity', '2025-06-30', 'VN-35'),
    ('VN-41', 'Long An', '-infinity', '2025-06-30', 'VN-37'),
    ('VN-43', 'Bà Rịa - Vũng Tàu', '-infinity', '2025-06-30', 'VN-SG'),
    ('VN-44', 'An Giang', '-infinity', 'infinity', NULL),
    ('VN-45', 'Đồng Tháp', '-infinity', 'infinity', NULL),
    ('VN-46', 'Tiền Giang', '-infinity', '2025-06-30', 'VN-45'),
    ('VN-47', 'Kiên Giang', '-infinity', '2025-06-30', 'VN-44'),
    ('VN-49', 'Vĩnh Long', '-infinity', 'infinity', NULL),
    ('VN-50', 'Bến Tre', '-infinity', '2025-06-30', 'VN-49'),
    ('VN-51', 'Trà Vinh', '-infinity', '2025-06-30', 'VN-49'),
    ('VN-52', 'Sóc Trăng', '-infinity', '2025-06-30', 'VN-CT'),
    ('VN-53', 'Bắc Kạn', '-infinity', '2025-06-30', 'VN-69'),
    ('VN-54', 'Bắc Giang', '-infinity', '2025-06-30', 'VN-56'),
    ('VN-55', 'Bạc Liêu', '-infinity', '2025-06-30', 'VN-59'),
    ('VN-56', 'Bắc Ninh', '-infinity', 'infinity', NULL),
    ('VN-57', 'Bình Dương', '-infinity', '2025-06-30', 'VN-SG'),
    ('VN-58', 'Bình Phước', '-infinity', '2025-06-30', 'VN-39'),
    ('VN-59', 'Cà Mau', '-infinity', 'infinity', NULL),
    ('VN-61', 'Hải Dương', '-infinity', '2025-06-30', 'VN-HP'),
    ('VN-63', 'Hà Nam', '-infinity', '2025-06-30', 'VN-18'),
    ('VN-66', 'Hưng Yên', '-infinity', 'infinity', NULL),
    ('VN-67', 'Nam Định', '-infinity', '2025-06-30', 'VN-18'),
    ('VN-68', 'Phú Thọ', '-infinity', 'infinity', NULL),
    ('VN-69', 'Thái Nguyên', '-infinity', 'infinity', NULL),
    ('VN-70', 'Vĩnh Phúc', '-infinity', '2025-06-30', 'VN-68'),
    ('VN-71', 'Điện Biên', '-infinity', 'infinity', NULL),
    ('VN-72', 'Đắk Nông', '-infinity', '2025-06-30', 'VN-35'),
    ('VN-73', 'Hậu Giang', '-infinity', '2025-06-30', 'VN-CT'),
    ('VN-CT', 'Cần Thơ', '-infinity', 'infinity', NULL),
    ('VN-DN', 'Đà Nẵng', '-infinity', 'infinity', NULL),
    ('VN-HN', 'Hà Nội', '-infinity', 'infinity', NULL),
    ('VN-HP', 'Hải Phòng', '-infinity', 'infinity', NULL),
    ('VN-SG', 'Thành phố Hồ Chí Minh', '-infinity', 'infinity', NULL);

CREATE FUNCTION newsloom.place_on(of_code text, on_day date DEFAULT current_date) RETURNS SETOF newsloom.place
LANGUAGE sql STABLE PARALLEL SAFE
AS $query$
    SELECT p.*
    FROM newsloom.place p
    WHERE p.code = coalesce((SELECT o.merged_into FROM newsloom.place o
                             WHERE o.code = of_code AND o.valid_to < on_day
                             ORDER BY o.valid_to DESC LIMIT 1), of_code)
      AND on_day BETWEEN p.valid_from AND p.valid_to
$query$;
COMMENT ON FUNCTION newsloom.place_on(text, date) IS 'The province that a code stands for on a day: place_on(''VN-54'') of Bắc Giang is Bắc Ninh since 2025-07-01.';

GRANT SELECT ON newsloom.place TO newsloom_worker, newsloom_reader;
GRANT EXECUTE ON FUNCTION newsloom.place_on(text, date) TO newsloom_worker, newsloom_reader;
